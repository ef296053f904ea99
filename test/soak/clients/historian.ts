import { pause } from '../../../core/primitives/timing.ts'
import type { Cursor } from '../../../protocol/client-frames.ts'
import type { AckFrame, HistoryFrame, JoinedFrame } from '../../../protocol/server-frames.ts'
import type { Journal } from '../journal.ts'
import { below, between, type Random } from '../random.ts'
import { pageBack } from './paging.ts'
import { connectRaw, NoAnswerError, type RawClient, RefusedError } from './raw-client.ts'

type Options = {
  readonly url: string
  readonly client: string
  readonly rooms: readonly string[]
  readonly journal: Journal
  readonly random: Random
}

export type Historian = {
  /** Begins nothing more; resolves when what it wrote is settled. */
  readonly stop: () => Promise<void>
  readonly unsettled: () => readonly string[]
}

/** How far a cursor may lie before what is still there. */
const beforeFloor = 20

/**
 * Goes from room to room, over the protocol itself: pages back to the floor, comes back with a `since` from anywhere in
 * the history, writes a message and sends its frame twice at the same time.
 */
export const startHistorian = ({ url, client, rooms, journal, random }: Options): Historian => {
  const stopped = new AbortController()
  const { signal } = stopped
  /** Where it once stood in each room: an epoch may have ended since. */
  const cursors = new Map<string, Cursor>()
  const address = `${url}?userId=${client}`
  let written = 0
  let unsettled: string | undefined

  const visit = async (raw: RawClient, roomId: string): Promise<void> => {
    const where = { client, roomId }
    const joined = await raw.request<JoinedFrame>({ action: 'joinRoom', roomId })
    const paged = await pageBack((before) => raw.request<HistoryFrame>({ ...historyOf(joined), before }))
    const { problem, ...line } = paged
    journal.write({ ...where, kind: 'paged', ...line })
    if (problem !== undefined) journal.write({ ...where, kind: 'wrong', what: `paging back: ${problem}` })

    const old = cursors.get(roomId)
    const since = drawCursor(joined, old, random)
    cursors.set(roomId, { epoch: joined.epoch, seq: joined.seq })
    // Something may expire, or be said, in between.
    await pause(between(random, 0, 4_000), signal)
    await comeBack(raw, where, since, journal)
  }
  /** Tries until it is settled, whatever happens meanwhile. */
  const write = async (roomId: string): Promise<void> => {
    const id = `${client}.${roomId}.${++written}`
    unsettled = id
    const frame = { action: 'sendMessage', roomId, content: `${id} `, clientMessageId: id }
    let since: Cursor | undefined
    for (;;) {
      const outcome = await once(address, async (raw) => {
        const { epoch, seq } = await raw.request<JoinedFrame>({ action: 'joinRoom', roomId, limit: 1 })
        since ??= { epoch, seq }
        const twice = [0, 1].map(() => raw.request<AckFrame>({ ...frame, since }))
        return Promise.allSettled(twice)
      })
      const acks = (outcome ?? []).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      for (const { epoch, seq, messageId } of acks) {
        const ack = { clientMessageId: id, epoch, seq, messageId, atMs: Date.now() }
        journal.write({ client, roomId, kind: 'acked', ...ack })
      }
      const refusal = outcome?.find(isFinal)
      if (acks.length === 0 && refusal) {
        journal.write({ client, roomId, kind: 'refused', clientMessageId: id, code: refusal.reason.code })
      }
      if (acks.length > 0 || refusal) break
      await pause(500, new AbortController().signal)
    }
    unsettled = undefined
  }
  const anyRoom = () => rooms[below(random, rooms.length)] ?? ''
  const visitAll = async (): Promise<void> => {
    while (!signal.aborted) {
      const roomId = anyRoom()
      await once(address, (raw) => visit(raw, roomId))
      await pause(between(random, 0, 1_000), signal)
    }
  }
  const writeAll = async (): Promise<void> => {
    while (!signal.aborted) {
      await write(anyRoom())
      await pause(between(random, 500, 3_000), signal)
    }
  }

  const working = Promise.all([visitAll(), writeAll()])
  return {
    stop: async () => {
      stopped.abort()
      await working
    },
    unsettled: () => (unsettled === undefined ? [] : [unsettled]),
  }
}

const historyOf = ({ roomId, epoch }: JoinedFrame) => ({
  action: 'getHistory',
  roomId,
  ...(epoch !== null && { epoch }),
})

/** On a connection of its own. Undefined if the service, or the network, was in trouble. */
const once = async <Result>(
  address: string,
  use: (raw: RawClient) => Promise<Result>,
): Promise<Result | undefined> => {
  let raw: RawClient | undefined
  try {
    raw = await connectRaw(address)
    return await use(raw)
  } catch (error) {
    if (error instanceof NoAnswerError || error instanceof RefusedError) return undefined
    throw error
  } finally {
    raw?.close()
  }
}

/** Nothing can be said of the message any more: the room has gone too far, or begun a new epoch. */
const isFinal = (
  outcome: PromiseSettledResult<AckFrame>,
): outcome is PromiseRejectedResult & { readonly reason: RefusedError } =>
  outcome.status === 'rejected' &&
  outcome.reason instanceof RefusedError &&
  outcome.reason.code === 'stale_cursor'

/** One that was the head once, or any in the history, or one before what is still there. */
const drawCursor = ({ epoch, seq, floor }: JoinedFrame, old: Cursor | undefined, random: Random): Cursor => {
  if (old !== undefined && random() < 0.3) return old
  const lowest = Math.max(0, floor - beforeFloor)
  // Near the floor, where it matters, half of the time.
  const highest = random() < 0.5 ? Math.min(seq, floor + beforeFloor) : seq
  return { epoch, seq: lowest + below(random, highest - lowest + 1) }
}

/** Joins with `since`, and reads on to the end of what came after it. */
const comeBack = async (
  raw: RawClient,
  where: { readonly client: string; readonly roomId: string },
  since: Cursor,
  journal: Journal,
): Promise<void> => {
  const askedAtMs = Date.now()
  const first = await raw.request<JoinedFrame>({ action: 'joinRoom', roomId: where.roomId, since })
  const answeredAtMs = Date.now()
  const messages = [...first.messages]
  for (let { more } = first; more && first.recovered; ) {
    const after = messages.at(-1)?.seq ?? since.seq
    const page = await raw.request<HistoryFrame>({ ...historyOf(first), after })
    messages.push(...page.messages)
    more = page.more && page.messages.length > 0
  }
  const { epoch, seq, floor, recovered } = first
  const from = messages[0]?.seq ?? seq + 1
  if (messages.some((message, index) => message.seq !== from + index)) {
    const seqs = messages.map((message) => message.seq).join(' ')
    journal.write({ ...where, kind: 'wrong', what: `after ${since.seq} came ${seqs}` })
  }
  const ids = messages.map(({ messageId }) => messageId)
  const answer = { epoch, seq, floor, recovered, from, ids }
  journal.write({ ...where, kind: 'returned', askedAtMs, answeredAtMs, since, ...answer })
}
