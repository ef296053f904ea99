import { expect, test } from 'vitest'
import { makeInFlight } from '../../../../gateway/lambda/in-flight.ts'

test('settles when everything is done, what was begun meanwhile and what failed included', async () => {
  const inFlight = makeInFlight()
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const failed = inFlight.track(first.promise)
  const settled = inFlight.settled(5000)
  void inFlight.track(second.promise)
  first.reject(new Error('failed'))
  await expect(failed).rejects.toThrow('failed')
  expect(inFlight.count()).toBe(1)
  second.resolve()
  expect(await settled).toBe(true)
  expect(inFlight.count()).toBe(0)
})

test('gives up in time', async () => {
  const inFlight = makeInFlight()
  void inFlight.track(new Promise(() => undefined))
  expect(await inFlight.settled(20)).toBe(false)
  expect(await inFlight.settled(-1)).toBe(false)
})

test('has settled where there is nothing', async () => {
  expect(await makeInFlight().settled(0)).toBe(true)
})
