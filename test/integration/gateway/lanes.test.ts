import { describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { connectTo } from '../../support/gateway/gateway-client.ts'
import { startTestGateway, type TestGateway } from '../../support/gateway/test-gateway.ts'
import { makeHandFedLane } from '../../support/lanes/hand-fed-lane.ts'

const record = { body: '{"roomId":"general"}', redelivered: false, messageId: 'm' }
const counts = { lanes: 1, bulkLanes: 0 }

describe('lanes of a gateway', () => {
  test('23 a batch reaches the deliver function, whose posts reach the clients', async () => {
    const lane = makeHandFedLane()
    const gateway: TestGateway = await startTestGateway({
      handlers: {
        deliver: async ({ rmqMessagesByQueue }) => {
          const [{ data = '' } = {}] = rmqMessagesByQueue['lane.0::/'] ?? []
          for (const { id } of gateway.connections.all()) {
            await gateway.connections.post(id, Buffer.from(data, 'base64'))
          }
        },
      },
      lanes: { consumer: lane.consumer, counts },
    })
    const client = await connectTo(gateway.url)
    await lane.hand([record])
    expect(await client.next()).toEqual({ roomId: 'general' })
    lane.ack()
  })

  test('25 a deliver that does not return in time brings the batch again', async () => {
    const lane = makeHandFedLane()
    await startTestGateway({
      handlers: { deliver: () => new Promise(() => undefined) },
      limits: { deliverTimeoutMs: 30 },
      lanes: { consumer: lane.consumer, counts },
    })
    await expect(lane.hand([record])).rejects.toThrow('took more than 30 ms')
    lane.ack()
  })

  test('a lane that can not be subscribed fails the start and leaves no server behind', async () => {
    const consumer = {
      subscribe: async () => {
        throw new Error('no broker')
      },
    }
    const before = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
    await expect(startTestGateway({ lanes: { consumer, counts } })).rejects.toThrow('no broker')
    await eventually(
      () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length <= before,
      'the server to be closed',
    )
  })
})
