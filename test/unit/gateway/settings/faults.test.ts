import { describe, expect, test } from 'vitest'
import { makeFaults, noFaults, parseFaults } from '../../../../gateway/settings/faults.ts'

describe('faults', () => {
  test('are all off unless set, and can be set at any time', () => {
    const faults = makeFaults({}, () => 0)
    expect(faults.current()).toEqual(noFaults)
    expect(faults.happens('gonePosts')).toBe(false)
    faults.set({ gonePosts: 0.1 })
    expect(faults.happens('gonePosts')).toBe(true)
    expect(faults.happens('throttledPosts')).toBe(false)
  })

  test('happen as often as their probability says', () => {
    const rolls = [0.1, 0.2, 0.3, 0.999]
    const faults = makeFaults({ throttledPosts: 0.25, lostDisconnects: 1 }, () => rolls.shift() ?? 1)
    expect([1, 2, 3].map(() => faults.happens('throttledPosts'))).toEqual([true, true, false])
    expect(faults.happens('lostDisconnects')).toBe(true)
    expect(faults.counts()).toEqual({ throttledPosts: 2, lostDisconnects: 1, gonePosts: 0 })
  })

  test('are read from a text', () => {
    expect(parseFaults('')).toEqual({})
    expect(parseFaults(' throttledPosts=0.2, postLatencyMs = 50,')).toEqual({
      throttledPosts: 0.2,
      postLatencyMs: 50,
    })
  })

  test.each([
    ['lostPosts=1', /Unknown fault "lostPosts=1"\. Known: lostDisconnects, throttledPosts/],
    ['toString=1', /Unknown fault/],
    ['throttledPosts', /throttledPosts must be a probability from 0 to 1, not ""/],
    ['throttledPosts=1.5', /must be a probability from 0 to 1, not "1.5"/],
    ['gonePosts=often', /must be a probability/],
    ['gonePosts=NaN', /must be a probability/],
    ['postLatencyMs=-1', /must be a number of ms from 0 to 60000, not "-1"/],
    ['gonePosts=1=2', /Unknown fault/],
  ])('%s is refused', (text, message) => {
    expect(() => parseFaults(text)).toThrow(message)
  })
})
