import { connect } from 'amqplib'
import { describe, expect, inject, test } from 'vitest'
import { laneNames } from '../../../core/domain/lanes.ts'
import { makeDeliver } from '../../../core/use-cases/deliver.ts'
import type { RabbitMqEvent } from '../../../lambdas/aws/events.ts'
import { makeDeliverHandler } from '../../../lambdas/handlers/deliver.ts'
import { eventually } from '../../support/eventually.ts'
import { invocation } from '../../support/gateway/lambda-events.ts'
import { makeParts, recordJobs, recordPosts } from '../../support/gateway/parts.ts'
import { roomsIn } from '../../support/lanes/lane-jobs.ts'
import { awsVariables, ownLanes, spawnPoller } from '../../support/processes/poller-process.ts'
import { needs } from '../../support/requirements.ts'
import { startLambdaApi } from '../../support/servers/lambda-api.ts'

const rabbitMq = inject('rabbitMq')
const name = 'simple-chat-live-deliver'
const invocationPath = `POST /2015-03-31/functions/${name}/invocations`

/** The real handler, over a store in memory and a poster that keeps what it was given. */
const makeDeployed = () => {
  const parts = makeParts()
  const { poster, posted, seqsOf } = recordPosts()
  const { publisher } = recordJobs()
  const handler = makeDeliverHandler({
    deliver: makeDeliver({ ...parts, poster, publisher }),
    clock: parts.clock,
  })
  return {
    handler: (event: RabbitMqEvent) => handler(event, invocation),
    append: (roomId: string, content: string) => parts.appendJob(content, roomId),
    seat: parts.seat,
    posted,
    seqsOf,
  }
}

describe("LocalStack's lane poller", needs('RabbitMQ', rabbitMq !== null), () => {
  const setUp = async () => {
    const api = await startLambdaApi()
    const lanes = ownLanes(rabbitMq ?? '')
    const start = (env = {}) =>
      spawnPoller({ ...lanes.env, ...awsVariables(api.url), DELIVER_FUNCTION: name, ...env })
    return { api, lanes, start, deployed: makeDeployed() }
  }

  test('hands what is in the lanes to the deployed function, through the Lambda API', async () => {
    const { api, lanes, start, deployed } = await setUp()
    api.deploy(name, deployed.handler)
    const rooms = laneNames({ lanes: 2, bulkLanes: 0 }).flatMap((lane) => roomsIn(lane, lanes.counts, 1))
    for (const roomId of rooms) await deployed.seat(roomId, `connection-in-${roomId}`)
    await start().untilLogged('Polling the lanes')
    for (const text of ['one', 'two', 'three']) {
      for (const roomId of rooms) await lanes.publisher.publish(await deployed.append(roomId, text))
    }
    for (const roomId of rooms) {
      const seqs = () => deployed.seqsOf(`connection-in-${roomId}`)
      await eventually(() => seqs().length >= 3, `three messages in ${roomId}`)
      expect(seqs()).toEqual([1, 2, 3])
    }
    expect(api.requests).toContain(invocationPath)
  })

  test('a batch whose invocation fails comes again whole, marked as redelivered', async () => {
    const { api, lanes, start, deployed } = await setUp()
    const events: RabbitMqEvent[] = []
    api.deploy(name, async (event: RabbitMqEvent) => {
      events.push(event)
      if (events.length < 3) throw new Error('the store is away')
      await deployed.handler(event)
    })
    await deployed.seat('general', 'c1')
    const poller = start()
    await poller.untilLogged('Polling the lanes')
    await lanes.publisher.publish(await deployed.append('general', 'kept'))
    await eventually(() => deployed.seqsOf('c1').length === 1, 'the message')
    const records = events.map(({ rmqMessagesByQueue }) => Object.values(rmqMessagesByQueue).flat())
    expect(records).toHaveLength(3)
    expect(records.map(([record]) => record?.redelivered)).toEqual([false, true, true])
    expect(new Set(records.map((batch) => batch.map(({ data }) => data).join())).size).toBe(1)
    expect(await poller.untilLogged('A batch was rejected')).toMatchObject({
      level: 'error',
      rejections: 1,
      error: { message: expect.stringContaining('the store is away') },
    })
  })

  test('declares the lanes, then waits until the function is there and can be invoked', async () => {
    const { api, lanes, start, deployed } = await setUp()
    const poller = start()
    expect(await poller.untilLogged('Waiting for the function')).toMatchObject({
      reason: `${name} is missing`,
    })
    // Nobody was there to read it, but the lane was.
    await lanes.publisher.publish(await deployed.append('general', 'early'))
    await deployed.seat('general', 'c1')
    api.setState('Pending')
    api.deploy(name, deployed.handler)
    await eventually(
      () => poller.log().some(({ reason }) => reason === `${name} is Pending`),
      'that it is seen to be pending',
    )
    expect(api.requests).not.toContain(invocationPath)
    api.setState('Active')
    await eventually(() => deployed.seqsOf('c1').length === 1, 'the message', 10_000)
  })

  test('waits for the broker, and says why', async () => {
    const { api, lanes, start } = await setUp()
    const poller = start({ RABBITMQ_URL: lanes.env.RABBITMQ_URL.replace(/:\d+(\/|$)/, ':1$1') })
    expect(await poller.untilLogged('Waiting for the broker')).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('ECONNREFUSED'),
    })
    expect(api.requests).toEqual([])
    poller.child.kill('SIGTERM')
    expect(await poller.exited).toBe(0)
  })

  test('on SIGTERM finishes the batch in hand, leaves the rest in the lane, and ends with 0', async () => {
    const { api, lanes, start, deployed } = await setUp()
    const finish = Promise.withResolvers<void>()
    const bodies: string[] = []
    api.deploy(name, async ({ rmqMessagesByQueue }: RabbitMqEvent) => {
      bodies.push(
        ...Object.values(rmqMessagesByQueue)
          .flat()
          .map(({ data }) => data),
      )
      await finish.promise
    })
    const poller = start()
    await poller.untilLogged('Polling the lanes')
    await lanes.publisher.publish(await deployed.append('general', 'in hand'))
    await eventually(() => bodies.length === 1, 'the batch')
    await lanes.publisher.publish(await deployed.append('general', 'later'))
    poller.child.kill('SIGTERM')
    await poller.untilLogged('Stopping: the batches in flight finish first')
    finish.resolve()
    expect(await poller.exited).toBe(0)
    expect(poller.errors()).toBe('')
    expect(bodies).toHaveLength(1)
    const queues = laneNames(lanes.counts).map(lanes.topology.laneQueue)
    await eventually(async () => (await messagesIn(rabbitMq ?? '', queues)) === 1, 'what was not handed over')
  })
})

describe("LocalStack's lane poller", () => {
  test('names every bad setting in one line, shows no password, and ends with 1', async () => {
    const poller = spawnPoller({
      RABBITMQ_URL: 'http://chat:hunter2@rabbitmq',
      LANES: 'many',
      DELIVER_FUNCTION: 'no function',
      AWS_ENDPOINT_URL: 'localstack',
    })
    expect(await poller.exited).toBe(1)
    expect(poller.errors().trim().split('\n')).toHaveLength(1)
    for (const bad of [
      'RABBITMQ_URL',
      'LANES',
      'DELIVER_FUNCTION',
      'AWS_ENDPOINT_URL',
      'AWS_REGION is missing',
    ]) {
      expect(poller.errors()).toContain(bad)
    }
    expect(poller.errors()).not.toContain('hunter2')
  })
})

const messagesIn = async (url: string, queues: readonly string[]): Promise<number> => {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  const counts = await Promise.all(queues.map((queue) => channel.checkQueue(queue)))
  await connection.close()
  return counts.reduce((sum, { messageCount }) => sum + messageCount, 0)
}
