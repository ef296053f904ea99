import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SlotRange, slotOf, slotRanges } from '../../../../core/domain/slots.ts'

const numberOf = (slot: string) => Number.parseInt(slot, 16)
const isIn = (id: string, { first, last }: SlotRange) => first <= slotOf(id) && slotOf(id) <= last

describe('slotOf', () => {
  it('gives four hex digits to every id', () => {
    fc.assert(fc.property(fc.string(), (id) => /^[0-9a-f]{4}$/.test(slotOf(id))))
  })
})

describe('slotRanges', () => {
  it('follow on each other from the first slot to the last', () => {
    expect(slotRanges).toHaveLength(16)
    const ends = slotRanges.map(({ first, last }) => [numberOf(first), numberOf(last)])
    expect(ends.flat()).toEqual([0, ...ends.slice(1).flatMap(([first = 0]) => [first - 1, first]), 0xffff])
  })

  it('hold each connection once, and similar ids evenly', () => {
    const ids = Array.from({ length: 8_000 }, (_, index) => `connection-${index}`)
    for (const id of ids) expect(slotRanges.filter((range) => isIn(id, range))).toHaveLength(1)
    for (const range of slotRanges) {
      expect(Math.abs(ids.filter((id) => isIn(id, range)).length - 500)).toBeLessThan(120)
    }
  })
})
