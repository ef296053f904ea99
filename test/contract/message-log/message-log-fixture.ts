import type { Appended, Draft, Entry } from '../../../core/domain/entry.ts'
import type { Clock, IdSource, MessageLog } from '../../../core/ports.ts'
import { defaultLimits, type Limits } from '../../../protocol/limits.ts'
import { makeClock } from '../../memory/clock.ts'

export type LogOptions = {
  readonly clock: Clock
  readonly newId: IdSource
  readonly limits: Limits
  readonly retentionMs?: number
}

/** Makes one more instance over the same stored state; instances share nothing else. */
export type MakeLog = (options: LogOptions) => MessageLog

type SetUpOptions = { readonly limits?: Partial<Limits>; readonly retentionMs?: number }

export const hourMs = 60 * 60 * 1000
export const dayMs = 24 * hourMs

/** Makes what gives a test a room of its own, and writers for it. `present` is asked once the suite runs. */
export const makeSetUp =
  (present: () => MakeLog) =>
  ({ limits = {}, retentionMs }: SetUpOptions = {}) => {
    const makeLog = present()
    const roomId = `room.${crypto.randomUUID()}`
    const { clock, advance } = makeClock(Date.UTC(2026, 10, 22, 11))
    let drafts = 0
    const options = {
      clock,
      newId: () => crypto.randomUUID(),
      limits: { ...defaultLimits, ...limits },
      ...(retentionMs !== undefined && { retentionMs }),
    }
    return {
      roomId,
      makeLog: () => makeLog(options),
      pass: advance,
      draft: (fields: Partial<Draft> = {}): Draft => {
        drafts++
        return {
          roomId,
          kind: 'text',
          messageId: crypto.randomUUID(),
          clientMessageId: `c${drafts}`,
          sender: { userId: 'ada', name: 'Ada' },
          content: `message ${drafts}`,
          sentAtMs: clock(),
          ...fields,
        }
      },
    }
  }

export type SetUp = ReturnType<typeof makeSetUp>

export const appendMany = async (log: MessageLog, draft: () => Draft, count: number): Promise<Appended[]> =>
  Promise.all(Array.from({ length: count }, () => log.append(draft())))

export const ascending = (one: number, other: number) => one - other

export const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

/** Runs a task for 0 … count − 1, so many at a time, and returns the results in that order. */
export const inTurns = async <T>(
  atOnce: number,
  count: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> => {
  const results: T[] = []
  let next = 0
  const work = async () => {
    while (next < count) {
      const index = next++
      results[index] = await task(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

export const readAll = async (log: MessageLog, roomId: string): Promise<Entry[]> => {
  const entries: Entry[] = []
  for (let more = true; more; ) {
    const page = await log.read({ roomId, after: entries.at(-1)?.seq ?? 0, limit: 70 })
    entries.push(...page.entries)
    more = page.more
  }
  return entries
}
