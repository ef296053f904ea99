import { expect, test } from 'vitest'
import { makeFramePoster } from '../../adapters/apigateway/frame-poster.ts'
import { makeManagementEndpoint } from '../../lambdas/wiring/endpoint.ts'
import { makeTelemetry } from '../memory/telemetry.ts'
import { connectTo } from '../support/gateway/gateway-client.ts'
import { credentials, startTestGateway } from '../support/gateway/test-gateway.ts'

/** A connection at the gateway, and its endpoint as a function with this AWS_ENDPOINT_URL would note it. */
const connectOne = async () => {
  const gateway = await startTestGateway()
  const client = await connectTo(gateway.url)
  const telemetry = makeTelemetry()
  const poster = makeFramePoster({ telemetry, credentials, region: 'us-east-1' })
  const context = gateway.invoked.connect[0]?.requestContext
  if (context === undefined) throw new Error('Nothing was connected')
  const endpoint = makeManagementEndpoint({ region: 'us-east-1', endpointUrl: gateway.url })(context)
  return { client, telemetry, poster, endpoint, connection: { connectionId: context.connectionId, endpoint } }
}

test('posts and closes by path, signed, at what AWS_ENDPOINT_URL names', async () => {
  const { client, poster, endpoint, connection } = await connectOne()
  expect(endpoint).toMatch(/^http:.+\/_aws\/execute-api\/gateway\/local$/)
  expect(await poster.post(connection, '{"text":"grüß"}')).toBe('sent')
  expect(await client.next()).toEqual({ text: 'grüß' })
  expect(await poster.close(connection)).toBe('sent')
  expect(await client.closed).toMatchObject({ code: 1000 })
  expect(await poster.post(connection, '{}')).toBe('gone')
})

test('a signature with another key is refused by path as well', async () => {
  const { client, connection, telemetry } = await connectOne()
  const stranger = makeFramePoster({
    telemetry,
    credentials: { ...credentials, secretAccessKey: 'other' },
    region: 'us-east-1',
  })
  expect(await stranger.post(connection, '{}')).toBe('failed')
  expect(telemetry.errors).toMatchObject([{ error: { name: 'ForbiddenException' } }])
  expect(client.received).toEqual([])
})

test('another API or stage is none of the gateway', async () => {
  const { client, poster, connection, telemetry } = await connectOne()
  for (const [from, to] of [
    ['gateway', 'other'],
    ['local', 'other'],
  ] as const) {
    const elsewhere = connection.endpoint.replace(`/${from}`, `/${to}`)
    expect(await poster.post({ ...connection, endpoint: elsewhere }, '{}')).toBe('failed')
  }
  expect(telemetry.errors).toHaveLength(2)
  expect(client.received).toEqual([])
})
