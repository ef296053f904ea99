import { describe, expect, it } from 'vitest'
import type { UnsentMessage } from '../../../client/api/types.ts'
import { makeKeptMessages } from '../../../web/kept-messages.ts'

const storageForTest = () => {
  const store = new Map<string, string>()
  return {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => {
      store.set(key, value)
    },
    removeItem: (key: string) => {
      store.delete(key)
    },
    size: () => store.size,
  }
}

const unsent = (roomId: string, content: string): UnsentMessage => ({
  roomId,
  clientMessageId: content,
  content,
  queuedAt: '2026-11-22T11:04:05.123Z',
  since: { epoch: 'E', seq: 4 },
  inDoubt: true,
})

describe('kept messages', () => {
  it('are there for the next visit, room by room, as they were', () => {
    const storage = storageForTest()
    const messages = [unsent('general', 'one'), unsent('other', 'two'), unsent('general', 'three')]
    makeKeptMessages(storage, 'ada').keep(messages)
    const next = makeKeptMessages(storage, 'ada')
    expect(next.rooms()).toEqual(['general', 'other'])
    expect(next.take('general')).toEqual([messages[0], messages[2]])
    expect(next.rooms()).toEqual(['other'])
    expect(next.take('general')).toEqual([])
  })

  it('wait for their room beside those that are new', () => {
    const storage = storageForTest()
    makeKeptMessages(storage, 'ada').keep([unsent('general', 'one'), unsent('other', 'two')])
    const next = makeKeptMessages(storage, 'ada')
    next.take('general')
    next.keep([unsent('general', 'new')])
    const last = makeKeptMessages(storage, 'ada')
    expect(last.take('other')).toMatchObject([{ content: 'two' }])
    expect(last.take('general')).toMatchObject([{ content: 'new' }])
  })

  it('wait for another time when their room was refused', () => {
    const storage = storageForTest()
    makeKeptMessages(storage, 'ada').keep([unsent('general', 'one')])
    const refused = makeKeptMessages(storage, 'ada')
    refused.take('general')
    refused.take('general')
    refused.keep([])
    refused.giveBack('general')
    refused.keep([])
    expect(makeKeptMessages(storage, 'ada').take('general')).toMatchObject([{ content: 'one' }])
  })

  it('are for their user alone', () => {
    const storage = storageForTest()
    makeKeptMessages(storage, 'ada').keep([unsent('general', 'one')])
    expect(makeKeptMessages(storage, 'bob').take('general')).toEqual([])
  })

  it('leave nothing behind when they are cleared or sent', () => {
    const storage = storageForTest()
    const kept = makeKeptMessages(storage, 'ada')
    kept.keep([unsent('general', 'one')])
    kept.keep([])
    expect(storage.size()).toBe(0)
    kept.keep([unsent('general', 'one')])
    const next = makeKeptMessages(storage, 'ada')
    next.clear()
    expect(next.take('general')).toEqual([])
    expect(storage.size()).toBe(0)
  })

  it('are none where nothing may be kept, or nothing fits', () => {
    makeKeptMessages(undefined, 'ada').keep([unsent('general', 'one')])
    expect(makeKeptMessages(undefined, 'ada').take('general')).toEqual([])
    const setItem = () => {
      throw new DOMException('It is full.', 'QuotaExceededError')
    }
    makeKeptMessages({ ...storageForTest(), setItem }, 'ada').keep([unsent('general', 'one')])
  })
})
