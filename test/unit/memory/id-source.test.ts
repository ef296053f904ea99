import { isValid } from 'ulid'
import { expect, it } from 'vitest'
import { makeIdSource } from '../../memory/id-source.ts'

it('gives ULIDs that ascend, the same ones each time', () => {
  const [one, other] = [makeIdSource(), makeIdSource()]
  const ids = Array.from({ length: 1100 }, one)
  expect(ids.filter(isValid)).toEqual(ids)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(1100)
  expect(Array.from({ length: 1100 }, other)).toEqual(ids)
})
