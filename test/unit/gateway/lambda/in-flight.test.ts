import { expect, test } from 'vitest'
import { makeInHand } from '../../../../gateway/lambda/in-flight.ts'

test('settles when everything is done, what was begun meanwhile and what failed included', async () => {
  const inHand = makeInHand()
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const failed = inHand.track(first.promise)
  const settled = inHand.settled(5000)
  void inHand.track(second.promise)
  first.reject(new Error('failed'))
  await expect(failed).rejects.toThrow('failed')
  expect(inHand.count()).toBe(1)
  second.resolve()
  expect(await settled).toBe(true)
  expect(inHand.count()).toBe(0)
})

test('gives up in time', async () => {
  const inHand = makeInHand()
  void inHand.track(new Promise(() => undefined))
  expect(await inHand.settled(20)).toBe(false)
  expect(await inHand.settled(-1)).toBe(false)
})

test('has settled where there is nothing', async () => {
  expect(await makeInHand().settled(0)).toBe(true)
})
