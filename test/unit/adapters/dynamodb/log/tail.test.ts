import { describe, expect, it } from 'vitest'
import type { Run } from '../../../../../adapters/dynamodb/log/run.ts'
import { makeTail } from '../../../../../adapters/dynamodb/log/tail.ts'
import { entryOf } from '../../../../support/builders.ts'

/** A run of entries with the keys ada/1, ada/2, … by their position. */
const runAt = (position: number, count: number, fields: Partial<Run> = {}): Run => ({
  position,
  base: 0,
  epoch: 'e1',
  entries: Array.from({ length: count }, (_, index) =>
    entryOf({ seq: position + index, clientMessageId: String(position + index) }),
  ),
  ...fields,
})
const key = (position: number) => `ada\n${position}`

describe('tail', () => {
  it('finds a key after a position, and not at it', () => {
    const tail = makeTail(runAt(1, 3), 10)
    tail.push(runAt(4, 2))
    expect(tail.find(key(4), 3)).toBe(4)
    expect(tail.find(key(4), 4)).toBeUndefined()
    expect(tail.last()).toEqual({ epoch: 'e1', base: 0, end: 5 })
  })

  it('refuses a run that does not follow, so that a hole cannot be overlooked', () => {
    const tail = makeTail(runAt(1, 3), 10)
    expect(() => tail.push(runAt(5, 1))).toThrow('found position 5 instead of 4')
    expect(() => tail.push(runAt(3, 1))).toThrow('found position 3 instead of 4')
    expect(() => makeTail(runAt(5, 1), 10).unshift(runAt(1, 3))).toThrow('gap')
  })

  it('keeps the last keys, and twice as many at most', () => {
    const tail = makeTail(runAt(1, 1), 4)
    for (let position = 2; position <= 9; position++) tail.push(runAt(position, 1))
    expect(tail.from()).toBe(6)
    expect(tail.find(key(5), 0)).toBeUndefined()
    expect(tail.find(key(6), 0)).toBe(6)
  })

  it('reaches back into a run of which it has forgotten the first entries', () => {
    const tail = makeTail(runAt(1, 8), 4)
    tail.push(runAt(9, 1))
    expect(tail.from()).toBe(6)
    tail.unshift(runAt(1, 8))
    expect(tail.from()).toBe(1)
    for (let position = 1; position <= 9; position++) expect(tail.find(key(position), 0)).toBe(position)
  })

  it('forgets the keys of an epoch that is over', () => {
    const tail = makeTail(runAt(1, 3), 10)
    tail.push(runAt(4, 1, { epoch: 'e2', base: 3 }))
    expect(tail.find(key(2), 0)).toBeUndefined()
    expect(tail.from()).toBe(4)
    expect(tail.last()).toEqual({ epoch: 'e2', base: 3, end: 4 })
  })

  it('finds the first of two entries with one key after a position', () => {
    const tail = makeTail(runAt(1, 3), 10)
    tail.push({ ...runAt(4, 1), entries: [entryOf({ seq: 4, clientMessageId: '1' })] })
    expect(tail.find(key(1), 0)).toBe(1)
    expect(tail.find(key(1), 1)).toBe(4)
    expect(tail.find(key(1), 4)).toBeUndefined()
  })
})
