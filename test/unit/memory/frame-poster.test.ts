import { expect, it } from 'vitest'
import type { ServerFrame } from '../../../protocol/server-frames.ts'
import { makeFramePoster } from '../../memory/frame-poster.ts'
import { callerOf } from '../../support/builders.ts'

const frame: ServerFrame = { type: 'pong', id: '1', heads: {} }
const text = JSON.stringify(frame)

it('keeps what it sends and whom it closes, in their order', async () => {
  const poster = makeFramePoster()
  for (const id of ['c1', 'c2']) expect(await poster.post(callerOf(id), text)).toBe('sent')
  for (const id of ['c2', 'c1']) expect(await poster.close(callerOf(id))).toBe('sent')
  expect(poster.posted).toEqual([
    { connectionId: 'c1', frame },
    { connectionId: 'c2', frame },
  ])
  expect(poster.closed).toEqual(['c2', 'c1'])
})

it('answers as it is told, and keeps no frame that it did not send', async () => {
  const poster = makeFramePoster({ answer: (connectionId) => (connectionId === 'c1' ? 'gone' : 'sent') })
  expect(await poster.post(callerOf('c1'), text)).toBe('gone')
  expect(await poster.post(callerOf('c2'), text)).toBe('sent')
  expect(poster.posted).toEqual([{ connectionId: 'c2', frame }])
})
