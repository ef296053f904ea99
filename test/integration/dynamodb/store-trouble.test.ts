import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { makeMessageLog } from '../../../adapters/dynamodb/log/message-log.ts'
import { createTables } from '../../../adapters/dynamodb/tables.ts'
import type { Appended, Draft } from '../../../core/domain/entry.ts'
import type { MessageLog } from '../../../core/ports.ts'
import { ChatError } from '../../../protocol/chat-error.ts'
import { inTurns, oneTo, readAll } from '../../contract/message-log/message-log-fixture.ts'
import { draftOf } from '../../support/drafts.ts'
import { startStoreProxy } from '../../support/sockets/store-proxy.ts'

const names = {
  messages: `messages-${crypto.randomUUID()}`,
  connections: `connections-${crypto.randomUUID()}`,
}
const count = 40

/** As a client does: the same draft again, until the store has taken it. */
const appendAtLast = async (log: MessageLog, draft: Draft): Promise<Appended> => {
  for (;;) {
    try {
      return await log.append(draft)
    } catch (error) {
      if (!(error instanceof ChatError && error.code === 'unavailable')) throw error
    }
  }
}

describe('a message log on a store in trouble', () => {
  beforeAll(() => createTables(makeDynamoDbClient({ endpoint: inject('dynalite') }), { names }))

  it('stores each message once and in a row, throttled, slow and with answers lost, whoever else writes', async () => {
    const proxy = await startStoreProxy(inject('dynalite'))
    onTestFinished(() => proxy.close())
    const shared = { tableName: names.messages, clock: Date.now, newId: () => crypto.randomUUID() }
    const makeLog = (endpoint: string, maxRunEntries: number) =>
      makeMessageLog({ ...shared, client: makeDynamoDbClient({ endpoint }), maxRunEntries })
    const writers = [64, 1].map((maxRunEntries) => makeLog(proxy.url, maxRunEntries))
    const roomId = `room.${crypto.randomUUID()}`
    const since = { epoch: null, seq: 0 }
    proxy.trouble({ throttled: 0.15, lostAnswers: 0.15, slow: 0.15, slowMs: 30 })

    const appended = await inTurns(10, count, (index) => {
      const log = writers[index % writers.length]
      if (log === undefined) throw new Error('There are two writers')
      return appendAtLast(log, draftOf({ roomId, since }))
    })
    const stored = await readAll(makeLog(inject('dynalite'), 1), roomId)
    expect(stored.map(({ seq }) => seq)).toEqual(oneTo(count))
    expect(new Set(stored.map(({ clientMessageId }) => clientMessageId)).size).toBe(count)
    const bySeq = new Map(stored.map((entry) => [entry.seq, entry.messageId]))
    for (const { entry } of appended) expect(bySeq.get(entry.seq)).toBe(entry.messageId)
    for (const happened of Object.values(proxy.counts())) expect(happened).toBeGreaterThan(0)
  }, 60_000)
})
