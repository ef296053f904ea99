import { describe, expect, it } from 'vitest'
import { makeManagementEndpoint } from '../../../../lambdas/wiring/endpoint.ts'
import { messageEvent } from '../../../support/gateway/lambda-events.ts'

const { requestContext } = messageEvent({ action: 'ping' })
const endpointFor = (region: string, endpointUrl?: string) =>
  makeManagementEndpoint({ region, endpointUrl })({ ...requestContext, apiId: 'abc123', stage: 'prod' })

describe('the management endpoint of an event', () => {
  it('is the API by its id and its stage on AWS', () => {
    expect(endpointFor('eu-central-1')).toBe('https://abc123.execute-api.eu-central-1.amazonaws.com/prod')
    expect(endpointFor('us-gov-west-1')).toBe('https://abc123.execute-api.us-gov-west-1.amazonaws.com/prod')
  })

  it("is under China's domain there", () => {
    expect(endpointFor('cn-north-1')).toBe('https://abc123.execute-api.cn-north-1.amazonaws.com.cn/prod')
  })

  it('is by path on LocalStack, and wherever else AWS_ENDPOINT_URL points to', () => {
    const expected = 'http://localhost.localstack.cloud:4566/_aws/execute-api/abc123/prod'
    expect(endpointFor('us-east-1', 'http://localhost.localstack.cloud:4566')).toBe(expected)
    expect(endpointFor('us-east-1', 'http://localhost.localstack.cloud:4566/')).toBe(expected)
  })

  it('does not depend on the domain that the client came through', () => {
    const custom = { ...requestContext, domainName: 'chat.example.org' }
    expect(makeManagementEndpoint({ region: 'eu-central-1', endpointUrl: undefined })(custom)).toBe(
      'https://abc123.execute-api.eu-central-1.amazonaws.com/prod',
    )
  })
})
