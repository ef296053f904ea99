import { describe, expect, inject, it } from 'vitest'
import { routes } from '../../lambdas/routes.ts'
import { functionOf, resourcesOf, type Template, textOf, theResource } from './synthesis/template.ts'

const small = inject('small').template

const routesOf = (template: Template) => {
  const integrations = new Map(
    resourcesOf(template, 'AWS::ApiGatewayV2::Integration').map(({ id, Properties }) => [id, Properties]),
  )
  const answering = resourcesOf(template, 'AWS::ApiGatewayV2::RouteResponse').map(({ Properties }) =>
    textOf(template, Properties.RouteId),
  )
  return resourcesOf(template, 'AWS::ApiGatewayV2::Route')
    .filter(({ path }) => path.startsWith('Sockets/'))
    .map(({ path, Properties }) => {
      const [, integrationId] = Object.values(Properties.Target as object).flatMap(([, parts]) => parts)
      const uri = textOf(template, integrations.get(integrationId.Ref)?.IntegrationUri)
      return {
        key: String(Properties.RouteKey),
        uri,
        returnsResponse: answering.includes(`<${path.replace(/\/Resource$/, '')}>`),
        isAuthorized: Properties.AuthorizationType === 'CUSTOM',
      }
    })
}

const invocationOf = (template: Template, name: Parameters<typeof functionOf>[1]) => {
  const path = functionOf(template, name).path.replace(/\/Resource$/, '')
  return `arn:<AWS::Partition>:apigateway:<AWS::Region>:lambda:path/2015-03-31/functions/<${path}.Arn>/invocations`
}

describe('the WebSocket API', () => {
  it('has the routes of the route table, with the functions and the responses that it says', () => {
    const expected = Object.entries(routes).map(([key, route]) => ({
      key,
      uri: invocationOf(small, route.function),
      returnsResponse: route.returnsResponse,
      isAuthorized: key === '$connect',
    }))
    expect(routesOf(small)).toEqual(expected)
  })

  it('is the same on LocalStack', () => {
    expect(routesOf(inject('localstack').template)).toEqual(routesOf(small))
  })

  it('selects routes by the action of a frame', () => {
    const api = theResource(small, 'AWS::ApiGatewayV2::Api', 'Sockets/Api/Resource')
    expect(api.Properties).toMatchObject({
      ProtocolType: 'WEBSOCKET',
      RouteSelectionExpression: '$request.body.action',
    })
  })

  it('may invoke the function of each route for that route', () => {
    const permitted = resourcesOf(small, 'AWS::Lambda::Permission')
      .filter(({ path }) => path.startsWith('Sockets/'))
      .map(({ Properties }) => [
        textOf(small, Properties.FunctionName),
        textOf(small, Properties.SourceArn).replace(/^.*<Sockets\/Api>\//, ''),
      ])
    const expected = Object.entries(routes).map(([key, { function: name }]) => [
      `<${functionOf(small, name).path.replace(/\/Resource$/, '')}.Arn>`,
      `*${key}`,
    ])
    expect(permitted).toEqual(expect.arrayContaining(expected))
    expect(permitted).toHaveLength(expected.length + 1)
  })

  it('asks its authorizer whatever the token came in', () => {
    const { Properties } = theResource(small, 'AWS::ApiGatewayV2::Authorizer')
    expect(Properties).toMatchObject({ AuthorizerType: 'REQUEST', IdentitySource: [] })
    expect(textOf(small, Properties.AuthorizerUri)).toBe(invocationOf(small, 'authorize'))
  })

  it('is there for clients when every route is', () => {
    const { DependsOn } = theResource(small, 'AWS::ApiGatewayV2::Stage', 'Sockets/Stage/Resource')
    const ids = resourcesOf(small, 'AWS::ApiGatewayV2::Route').filter(({ path }) =>
      path.startsWith('Sockets/'),
    )
    expect(DependsOn).toEqual(expect.arrayContaining(ids.map(({ id }) => id)))
  })

  it('takes a bounded rate of frames', () => {
    const { Properties } = theResource(small, 'AWS::ApiGatewayV2::Stage', 'Sockets/Stage/Resource')
    expect(Properties.DefaultRouteSettings).toMatchObject({
      ThrottlingRateLimit: 2000,
      ThrottlingBurstLimit: 1000,
    })
  })

  it('has its logs written by a role of the account, unless that is said to be there', () => {
    const accounts = resourcesOf(small, 'AWS::ApiGateway::Account')
    expect(accounts.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Retain'])
    const stage = theResource(small, 'AWS::ApiGatewayV2::Stage', 'Sockets/Stage/Resource')
    expect(stage.DependsOn).toContain(accounts[0]?.id)
    expect(resourcesOf(inject('cluster').template, 'AWS::ApiGateway::Account')).toEqual([])
  })
})

describe('the logs of requests', () => {
  it('hold no query string and no header, and so no token', () => {
    for (const path of ['Sockets/Stage/Resource', 'AuthCheck/Stage/Resource']) {
      const { AccessLogSettings } = theResource(small, 'AWS::ApiGatewayV2::Stage', path).Properties
      const fields = Object.values(JSON.parse((AccessLogSettings as { Format: string }).Format))
      expect(fields).toContain('$context.requestId')
      expect(
        fields.filter((field) => /path|query|header|param|claims|body|protocol/i.test(String(field))),
      ).toEqual([])
    }
  })

  it('do not show what goes through: data tracing is off', () => {
    for (const { Properties } of resourcesOf(small, 'AWS::ApiGatewayV2::Stage')) {
      expect(Properties.DefaultRouteSettings).not.toHaveProperty('DataTraceEnabled')
      expect(Properties).not.toHaveProperty('RouteSettings')
    }
  })
})

describe('the auth check', () => {
  it('is a GET that any page may read', () => {
    const routesOfCheck = resourcesOf(small, 'AWS::ApiGatewayV2::Route').filter(({ path }) =>
      path.startsWith('AuthCheck/'),
    )
    expect(routesOfCheck.map(({ Properties }) => Properties.RouteKey)).toEqual(['GET /auth-check'])
    const { Properties } = theResource(small, 'AWS::ApiGatewayV2::Api', 'AuthCheck/Api/Resource')
    expect(Properties.CorsConfiguration).toMatchObject({ AllowOrigins: ['*'], AllowMethods: ['GET'] })
  })
})

describe('a domain of one’s own', () => {
  const { template } = inject('cluster')

  it('leads to the stage, and its record to the domain', () => {
    expect(theResource(template, 'AWS::ApiGatewayV2::DomainName').Properties.DomainName).toBe(
      'chat.example.org',
    )
    const stage = theResource(template, 'AWS::ApiGatewayV2::Stage', 'Sockets/Stage/Resource')
    const mapping = theResource(template, 'AWS::ApiGatewayV2::ApiMapping')
    expect(mapping.Properties).toMatchObject({ Stage: 'blue', ApiId: stage.Properties.ApiId })
    expect(mapping.DependsOn).toContain(stage.id)
    expect(theResource(template, 'AWS::Route53::RecordSet').Properties).toMatchObject({
      Name: 'chat.example.org.',
      HostedZoneId: 'Z0123456789ABCDEFGHIJ',
      Type: 'A',
    })
    expect(template.Outputs.SocketUrl?.Value).toBeDefined()
  })

  it('is not there unless it is asked for', () => {
    expect(resourcesOf(small, 'AWS::ApiGatewayV2::DomainName')).toEqual([])
  })
})
