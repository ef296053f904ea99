/**
 * Where LocalStack serves a WebSocket API, whatever URL of AWS's its CloudFormation told: docs.localstack.cloud, "API
 * Gateway", "Accessing HTTP APIs via Local Domain Name". The name resolves to 127.0.0.1 everywhere.
 */
export const localSocketUrl = (url: string): string => {
  const { hostname, pathname } = new URL(url)
  const [apiId] = hostname.split('.')
  return `ws://${apiId}.execute-api.localhost.localstack.cloud:4566${pathname}`
}
