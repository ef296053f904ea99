import { describe, expect, test } from 'vitest'
import { describeTopology, topologyAt } from '../../../../adapters/rabbitmq/topology.ts'

describe('topology', () => {
  const topology = describeTopology({ lanes: 8, bulkLanes: 4 })
  const queueNamed = (name: string) => topology.queues.find((queue) => queue.name === name)

  test('names a lane’s queue with its number and their count', () => {
    expect(topology.laneQueue('lane.3')).toBe('chat.v1.lane.3-of-8')
    expect(topology.laneQueue('bulk.0')).toBe('chat.v1.bulk.0-of-4')
  })

  test('makes each lane a quorum queue with one active consumer, a delivery limit and safe dead-lettering', () => {
    expect(queueNamed('chat.v1.lane.3-of-8')).toEqual({
      name: 'chat.v1.lane.3-of-8',
      arguments: {
        'x-queue-type': 'quorum',
        'x-single-active-consumer': true,
        'x-delivery-limit': 200,
        'x-dead-letter-exchange': 'chat.v1.dead-letters',
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
      binding: { exchange: 'chat.v1.jobs.8-lanes-4-bulk', routingKey: 'lane.3' },
    })
  })

  test('lets a delayed job expire into the exchange of the jobs under its own routing key', () => {
    const name = topology.delayExchange(5_000)
    expect(queueNamed(name)).toEqual({
      name: 'chat.v1.delay-5000ms.8-lanes-4-bulk',
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': 5_000,
        'x-dead-letter-exchange': topology.jobsExchange,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
      binding: { exchange: name, routingKey: '' },
    })
  })

  test('binds every queue to an exchange that it describes, under names of which none occurs twice', () => {
    const exchanges = topology.exchanges.map(({ name }) => name)
    const queues = topology.queues.map(({ name }) => name)
    expect(exchanges).toEqual(expect.arrayContaining(topology.queues.map(({ binding }) => binding.exchange)))
    expect([new Set(exchanges).size, new Set(queues).size]).toEqual([exchanges.length, queues.length])
    expect(queues).toHaveLength(8 + 4 + 3 + 1)
  })

  test('is found again by the name of its exchange, and by no other', () => {
    const named = describeTopology({ lanes: 12, bulkLanes: 3, prefix: 'blue.green', version: 'v2' })
    expect(topologyAt(named.jobsExchange)?.queues).toEqual(named.queues)
    for (const name of [named.deadLetterExchange, named.delayExchange(1_000), `${named.jobsExchange}.`, '']) {
      expect(topologyAt(name)).toBeUndefined()
    }
  })

  test('shares with another count of lanes nothing that a job of its own could pass through', () => {
    const other = describeTopology({ lanes: 16, bulkLanes: 4 })
    const ownNames = new Set([topology.jobsExchange, ...[1_000, 5_000, 30_000].map(topology.delayExchange)])
    expect(other.exchanges.filter(({ name }) => ownNames.has(name))).toEqual([])
    expect(other.laneQueue('lane.3')).not.toBe(topology.laneQueue('lane.3'))
  })
})
