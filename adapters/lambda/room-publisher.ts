import { encodeJob } from '../../core/domain/job.ts'
import type { PublishRequest } from '../../core/domain/publish-request.ts'
import type { RoomPublisher } from '../../core/ports.ts'
import { ChatError } from '../../protocol/chat-error.ts'
import type { Invoke } from './invoke.ts'

type Options = {
  readonly invoke: Invoke
  /** Name or ARN of the `publish` function. */
  readonly functionName: string
}

type Waiting = { readonly request: PublishRequest; readonly settle: PromiseWithResolvers<void> }

/** Maximum bytes of an invocation, below Lambda's quota of 6 MB, because JSON within JSON may grow (our choice). */
const maxPayloadBytes = 2_000_000

/**
 * Creates a publisher for functions that cannot reach the broker: it invokes one that can. Jobs that are published in one
 * turn share an invocation, and succeed or fail together.
 */
export const makeRoomPublisher = ({ invoke, functionName }: Options): RoomPublisher => {
  const waiting: Waiting[] = []

  const send = async (group: readonly Waiting[]): Promise<void> => {
    try {
      await invoke(functionName, { requests: group.map(({ request }) => request) })
      for (const { settle } of group) settle.resolve()
    } catch (cause) {
      // After any error, some jobs may be in their lanes; all may be published again.
      const error = new ChatError('unavailable', 'The message could not be published. Try again.', { cause })
      for (const { settle } of group) settle.reject(error)
    }
  }

  const publish = (request: PublishRequest): Promise<void> => {
    const settle = Promise.withResolvers<void>()
    waiting.push({ request, settle })
    if (waiting.length === 1) {
      queueMicrotask(() => {
        for (const group of inPayloads(waiting.splice(0))) void send(group)
      })
    }
    return settle.promise
  }

  return {
    // Messages are stored elsewhere; a missing broker shows when a job is published.
    ready: async () => undefined,
    publish: (job, { delayMs = 0 } = {}) => publish({ kind: 'job', body: encodeJob(job), delayMs }),
    deadLetter: (body, reason) => publish({ kind: 'dead-letter', body, reason }),
  }
}

const inPayloads = (waiting: readonly Waiting[]): Waiting[][] => {
  const groups: Waiting[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const item of waiting) {
    bytes += item.request.body.length
    if (bytes > maxPayloadBytes) {
      groups.push([])
      bytes = item.request.body.length
    }
    groups.at(-1)?.push(item)
  }
  return groups
}
