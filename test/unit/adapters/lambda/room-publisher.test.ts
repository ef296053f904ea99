import { describe, expect, it } from 'vitest'
import { makeLanes } from '../../../../adapters/embedded/lanes.ts'
import { makeRoomPublisher } from '../../../../adapters/lambda/room-publisher.ts'
import type { RoomPublisher } from '../../../../core/ports.ts'
import { makePublishHandler } from '../../../../lambdas/handlers/publish.ts'
import { makeTelemetry } from '../../../memory/telemetry.ts'
import { invocation } from '../../../support/gateway/lambda-events.ts'
import { recordJobs } from '../../../support/gateway/parts.ts'
import { entriesJob, retryJob } from '../../../support/lanes/lane-jobs.ts'

/** The publisher over the function that it invokes, with what passes between them as text, as on Lambda. */
const setUp = (inside: RoomPublisher, fails: () => Error | undefined = () => undefined) => {
  const invocations: string[] = []
  const handler = makePublishHandler({ publisher: inside })
  const publisher = makeRoomPublisher({
    functionName: 'publish',
    invoke: async (functionName, event) => {
      invocations.push(functionName)
      const failure = fails()
      if (failure) throw failure
      await handler(JSON.parse(JSON.stringify(event)), invocation)
    },
  })
  return { publisher, invocations }
}

describe('the publisher of a function that cannot reach the broker', () => {
  it('publishes what comes in one turn in one invocation, with delays and dead letters', async () => {
    const { publisher: inside, jobs, deadLetters } = recordJobs()
    const { publisher, invocations } = setUp(inside)
    await Promise.all([
      publisher.publish(retryJob('general', 1), { delayMs: 1_000 }),
      publisher.publish(entriesJob('general', 1)),
      publisher.deadLetter('{"broken', 'no job'),
    ])
    expect(invocations).toEqual(['publish'])
    expect(jobs.map(({ job, delayMs }) => [job.kind, delayMs])).toEqual([
      ['retry', 1_000],
      ['messages', 0],
    ])
    expect(deadLetters).toEqual([{ body: '{"broken', reason: 'no job' }])
  })

  it('splits what is too large for one invocation', async () => {
    const { publisher: inside, jobs } = recordJobs()
    const { publisher, invocations } = setUp(inside)
    const large = entriesJob('general', 1, { content: 'x'.repeat(900_000) })
    await Promise.all([1, 2, 3, 4, 5].map(() => publisher.publish(large)))
    expect(invocations).toHaveLength(3)
    expect(jobs).toHaveLength(5)
  })

  it.each([
    ['the invocation fails', new Error('TooManyRequestsException')],
    ['the broker is away', undefined],
  ])('answers unavailable to all of them when %s', async (_, failure) => {
    const inside = recordJobs({ fails: () => new Error('broker away') })
    const { publisher } = setUp(failure ? recordJobs().publisher : inside.publisher, () => failure)
    const results = await Promise.allSettled([1, 2].map((n) => publisher.publish(retryJob('general', n))))
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } })
    }
  })

  it('goes on after a failure', async () => {
    const lanes = makeLanes({ laneCounts: { lanes: 1, bulkLanes: 1 }, telemetry: makeTelemetry() })
    const failures = [new Error('once'), undefined]
    const { publisher } = setUp(lanes.publisher, () => failures.shift())
    await expect(publisher.publish(entriesJob('general', 1))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(publisher.publish(entriesJob('general', 1))).resolves.toBeUndefined()
  })

  it('sets aside what it was handed as a job and is none that this version knows', async () => {
    const { publisher: inside, deadLetters } = recordJobs()
    const requests = [{ kind: 'job', body: '{"v":9}', delayMs: 0 }] as const
    await makePublishHandler({ publisher: inside })({ requests }, invocation)
    expect(deadLetters).toEqual([{ body: '{"v":9}', reason: 'not a job that this version knows' }])
  })
})
