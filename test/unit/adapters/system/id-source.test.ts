import { decodeTime, isValid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { makeIdSource } from '../../../../adapters/system/id-source.ts'

const startMs = Date.parse('2026-11-22T12:00:00.000Z')

describe('id source', () => {
  it('makes ULIDs of the time that the clock tells', () => {
    const id = makeIdSource({ clock: () => startMs })()

    expect(isValid(id)).toBe(true)
    expect(decodeTime(id)).toBe(startMs)
  })

  it('makes each id higher than the one before, within a millisecond too', () => {
    const next = makeIdSource({ clock: () => startMs })
    const ids = Array.from({ length: 10_000 }, next)

    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(10_000)
  })

  it('goes on upwards when the clock goes back', () => {
    let now = startMs
    const next = makeIdSource({ clock: () => now })
    const before = next()
    now -= 60_000

    expect(next() > before).toBe(true)
  })

  it('makes other ids than another process does in the same millisecond', () => {
    const sources = Array.from({ length: 1000 }, () => makeIdSource({ clock: () => startMs }))

    expect(new Set(sources.map((next) => next())).size).toBe(1000)
  })
})
