import { describe, expect, inject, it } from 'vitest'
import type { FunctionName } from '../../lambdas/routes.ts'
import { functionOf, functionsOf, policiesOf, statementsOf, type Template } from './synthesis/template.ts'

/** What a function may do beside writing its own log, as `action thing`, in the order of the alphabet. */
const allowed = (template: Template, name: FunctionName): readonly string[] =>
  statementsOf(template, functionOf(template, name))
    .flatMap(({ actions, resources }) =>
      resources.flatMap((resource) => actions.map((action) => `${action} ${inShort(resource)}`)),
    )
    .filter((permission) => !/^logs:(CreateLogStream|PutLogEvents) own log$/.test(permission))
    .sort()

const inShort = (resource: string): string =>
  resource
    .replace(/^<.*\/Log\.Arn>$/, 'own log')
    .replace('<Storage/Messages.Arn>', 'messages')
    .replace('<Storage/Connections.Arn>', 'connections')
    .replace('<FanOut/Publish/Function.Arn>', 'publish')
    .replace('<Lanes/Broker/Credentials>', "the broker's user")
    .replace(/^<Lanes\/Broker\/(Instance|Cluster)\.Arn>$/, 'the broker')
    .replace(/^arn:<AWS::Partition>:lambda:.*:event-source-mapping:\*$/, 'any mapping')
    .replace(/^arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Sockets\/Api>/, 'the API')

const inNetwork = [
  'ec2:AssignPrivateIpAddresses *',
  'ec2:CreateNetworkInterface *',
  'ec2:DeleteNetworkInterface *',
  'ec2:DescribeNetworkInterfaces *',
  'ec2:DescribeSubnets *',
  'ec2:UnassignPrivateIpAddresses *',
]
const asPublisher = ["secretsmanager:GetSecretValue the broker's user"]

const onAws: Readonly<Record<FunctionName, readonly string[]>> = {
  authorize: [],
  'auth-check': ['dynamodb:Query connections'],
  connect: [
    'dynamodb:BatchGetItem connections',
    'dynamodb:DeleteItem connections',
    'dynamodb:PutItem connections',
    'dynamodb:Query connections',
  ],
  disconnect: [
    'dynamodb:BatchGetItem connections',
    'dynamodb:DeleteItem connections',
    'dynamodb:PutItem connections',
    'dynamodb:Query connections/index/by-user',
  ],
  'send-message': [
    'dynamodb:BatchGetItem connections',
    'dynamodb:PutItem messages',
    'dynamodb:Query messages',
    ...inNetwork,
    ...asPublisher,
  ],
  'room-actions': [
    'dynamodb:BatchGetItem connections',
    'dynamodb:DeleteItem connections',
    'dynamodb:PutItem connections',
    'dynamodb:Query connections/index/by-user',
    'dynamodb:Query messages',
    'dynamodb:UpdateItem connections',
  ],
  default: [],
  deliver: [
    'dynamodb:BatchGetItem connections',
    'dynamodb:DeleteItem connections',
    'dynamodb:Query connections',
    'dynamodb:Query connections/index/by-user',
    'dynamodb:Query messages',
    'ec2:CreateNetworkInterface *',
    'ec2:DeleteNetworkInterface *',
    'ec2:DescribeNetworkInterfaces *',
    'ec2:DescribeSecurityGroups *',
    'ec2:DescribeSubnets *',
    'ec2:DescribeVpcs *',
    'execute-api:ManageConnections the API/live/DELETE/@connections/*',
    'execute-api:ManageConnections the API/live/POST/@connections/*',
    'lambda:InvokeFunction publish',
    'mq:DescribeBroker the broker',
    "secretsmanager:GetSecretValue the broker's user",
  ],
  publish: [...inNetwork, ...asPublisher],
  'declare-topology': [...inNetwork, ...asPublisher],
  'dead-letters': [...inNetwork, ...asPublisher],
  // Of those that invoke deliver: see below.
  'delete-reader': [
    'lambda:DeleteEventSourceMapping any mapping',
    'lambda:GetEventSourceMapping any mapping',
  ],
}

describe('permissions', () => {
  const { template } = inject('small')

  it.each(Object.entries(onAws) as [FunctionName, readonly string[]][])(
    'of %s are what it does',
    (name, expected) => {
      expect(allowed(template, name)).toEqual(expected)
    },
  )

  it('read the secret that tokens are signed with for those who verify tokens, and for nobody else', () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat/tokens-AbCdEf'
    const { template: cluster } = inject('cluster')
    const readers = functionsOf(cluster).filter(({ name }) =>
      allowed(cluster, name).includes(`secretsmanager:GetSecretValue ${arn}`),
    )
    expect(readers.map(({ name }) => name).sort()).toEqual(['auth-check', 'authorize'])
  })

  it('on LocalStack are the same but for broker and network', () => {
    const { template: localstack } = inject('localstack')
    const isOfBroker = (permission: string) => /^(ec2|mq|secretsmanager):/.test(permission)
    for (const { name } of functionsOf(localstack)) {
      expect(allowed(localstack, name)).toEqual(onAws[name].filter((permission) => !isOfBroker(permission)))
    }
  })
})

/** Actions that AWS knows no narrower resource for, or ids that are made up later: by whom they are taken. */
const explained: readonly RegExp[] = [
  /^(Lanes\/DeclareTopology|Lanes\/DeadLetters|Sockets\/Routes\/SendMessage|FanOut\/Publish|FanOut\/Deliver)\/.*: ec2:[A-Za-z]+(NetworkInterfaces?|PrivateIpAddresses|Subnets|SecurityGroups|Vpcs) \*$/,
  /^FanOut\/Deliver\/.*: execute-api:ManageConnections arn:[^*]*<Sockets\/Api>\/[a-z]+\/(POST|DELETE)\/@connections\/\*$/,
  // CDK's framework, and what cdk-amazonmq has for the end of a mapping.
  /\/(Declaring|Deleting)\/.*: lambda:InvokeFunction <[^*]+\.Arn>:\*$/,
  /^LogRetention.*: logs:(Put|Delete)RetentionPolicy \*$/,
  /^Readers\/Teardown\/DeleteReader\/.*: lambda:(Delete|Get)EventSourceMapping arn:[^*]*:event-source-mapping:\*$/,
  /^Readers\/Teardown\/IsComplete\/.*: ec2:DescribeNetworkInterfaces \*$/,
]

describe('a wildcard', () => {
  it.each(['small', 'cluster', 'localstack'] as const)('stands in no policy of %s unexplained', (variant) => {
    const wildcards = policiesOf(inject(variant).template).flatMap(({ path, statements }) =>
      statements.flatMap(({ actions, resources }) =>
        resources.flatMap((resource) =>
          actions
            .filter((action) => resource.includes('*') || action.includes('*'))
            .map((action) => `${path}: ${action} ${resource}`),
        ),
      ),
    )
    expect(wildcards.filter((wildcard) => !explained.some((pattern) => pattern.test(wildcard)))).toEqual([])
  })

  it('that deletes mappings is bound to those of deliver', () => {
    const { template } = inject('small')
    const [deleting] = policiesOf(template)
      .filter(({ path }) => path.startsWith('Readers/Teardown/DeleteReader/'))
      .flatMap(({ statements }) => statements)
      .filter(({ actions }) => actions.includes('lambda:DeleteEventSourceMapping'))
    expect(deleting?.condition).toEqual({
      ArnEquals: {
        'lambda:FunctionArn': { 'Fn::GetAtt': [functionOf(template, 'deliver').id, 'Arn'] },
      },
    })
  })
})
