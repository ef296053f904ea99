import { expect, it } from 'vitest'
import { makeRecent } from '../../../../client/primitives/recent.ts'

it('recent forgets what was set the longest ago', () => {
  const recent = makeRecent<number>(2)
  recent.set('one', 1)
  recent.set('two', 2)
  recent.set('one', 11)
  recent.set('three', 3)
  expect(['one', 'two', 'three'].map(recent.get)).toEqual([11, undefined, 3])
  recent.delete('one')
  expect(recent.get('one')).toBeUndefined()
})
