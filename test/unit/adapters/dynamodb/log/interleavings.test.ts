import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeAppendQueue } from '../../../../../adapters/dynamodb/log/append-queue.ts'
import type { RunStore } from '../../../../../adapters/dynamodb/log/run-store.ts'
import { makeWriteRun } from '../../../../../adapters/dynamodb/log/run-writer.ts'
import type { Appended, Draft } from '../../../../../core/domain/entry.ts'
import { makeBoundedMap } from '../../../../../core/primitives/bounded-map.ts'
import { ChatError } from '../../../../../protocol/chat-error.ts'
import { defaultLimits } from '../../../../../protocol/limits.ts'
import {
  type MemoryRunStore,
  makeMemoryRunStore,
  requireContiguous,
} from '../../../../support/memory-run-store.ts'

/**
 * What may become of a put. `answer lost`: the SDK sends it again and hears that the position is taken. The
 * others tell the writer nothing: it was not stored, was stored, or is stored later by a request still on its way.
 */
const fates = ['answered', 'answered', 'answer lost', 'not stored', 'stored unheard', 'stored late'] as const

describe('append, whatever the order in which requests arrive and whatever becomes of them', () => {
  it('leaves no hole and no overlap, and stores a message once however often it is sent', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ writer: fc.nat(2), message: fc.nat(5) }), { minLength: 1, maxLength: 10 }),
        fc.array(fc.constantFrom(...fates), { maxLength: 14 }),
        fc.constantFrom(1, 3),
        async (scheduler, sends, ends, maxRunEntries) => {
          const memory = makeMemoryRunStore()
          const store = faulty(memory, scheduler, ends.values())
          const writers = [0, 1, 2].map(() => makeAppend(store, maxRunEntries))
          const results = await scheduler.waitFor(
            Promise.all(
              sends.map(async ({ writer, message }, index) => {
                await scheduler.schedule(Promise.resolve(), `send ${index}`)
                const append = writers[writer] ?? expect.fail('no such writer')
                return appendUntilTold(append, draftOf(message, index))
              }),
            ),
          )
          // Requests that are still on their way find their position taken.
          await scheduler.waitIdle()
          requireContiguous(memory.runs)
          const stored = memory.runs.flatMap(({ entries }) => entries)
          const messageIds = stored.map(({ messageId }) => messageId)
          expect(messageIds.length).toBe(new Set(messageIds).size)
          const keys = stored.flatMap(({ clientMessageId }) => clientMessageId ?? [])
          expect(keys.toSorted()).toEqual(
            [...new Set(sends.flatMap(({ message }) => keyOf(message)))].toSorted(),
          )
          for (const { entry } of results) expect(stored[entry.seq - 1]).toEqual(entry)
        },
      ),
      { numRuns: 200 },
    )
  }, 30_000)
})

type Append = (draft: Draft) => Promise<Appended>

const makeAppend = (store: RunStore, maxRunEntries: number): Append =>
  makeAppendQueue({
    writeRun: makeWriteRun({
      store,
      tails: makeBoundedMap(10),
      clock: () => 0,
      newId: () => 'epoch',
      limits: defaultLimits,
      retentionMs: undefined,
      waitAfterLossMs: () => 0,
    }),
    clock: () => 0,
    maxRunEntries,
  })

/** As a client does: with the same clientMessageId and `since`, but the server gives it another messageId. */
const appendUntilTold = async (append: Append, draft: Draft): Promise<Appended> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await append({ ...draft, messageId: `${draft.messageId}.${attempt}` })
    } catch (error) {
      if (!(error instanceof ChatError && error.code === 'unavailable')) throw error
    }
  }
}

const faulty = (
  memory: MemoryRunStore,
  scheduler: fc.Scheduler,
  ends: IterableIterator<(typeof fates)[number]>,
): RunStore => {
  // Before it takes effect and after: what happens in between may happen to any other request as well.
  const travel = (label: string) => scheduler.schedule(Promise.resolve(), label)
  const unknown = () => new ChatError('unavailable', 'no answer')
  return {
    query: async (roomId, query) => {
      await travel('query')
      const page = await memory.query(roomId, query)
      await travel('page')
      return page
    },
    put: async (roomId, run) => {
      const fate = ends.next().value ?? 'answered'
      if (fate === 'stored late') {
        void travel('late put').then(() => memory.put(roomId, run))
        throw unknown()
      }
      await travel(`put at ${run.position}: ${fate}`)
      if (fate === 'not stored') throw unknown()
      const outcome = await memory.put(roomId, run)
      await travel('answer')
      if (fate === 'stored unheard') throw unknown()
      return fate === 'answer lost' ? 'taken' : outcome
    },
  }
}

const keyOf = (message: number): string[] => (message > 0 ? [`c${message}`] : [])

const draftOf = (message: number, index: number): Draft => ({
  roomId: 'general',
  kind: 'text',
  messageId: `m${index}`,
  ...(message > 0 && { clientMessageId: `c${message}` }),
  since: { epoch: null, seq: 0 },
  sender: { userId: 'ada' },
  content: `message ${message}`,
  sentAtMs: 0,
})
