import { describe, expect, it } from 'vitest'
import { expiredSince, searchAfter } from '../../../../core/domain/retry-window.ts'
import { defaultLimits } from '../../../../protocol/limits.ts'

const limits = { ...defaultLimits, sinceEntries: 20, retryWindowEntries: 5 }
const head = { epoch: 'e', seq: 30 }
const empty = { epoch: null, seq: 0 }
const clientMessageId = 'c1'

describe('since', () => {
  it.each([
    ['what it says', { clientMessageId, since: { epoch: 'e', seq: 25 } }, head, 25],
    ['the last entry', { clientMessageId, since: { epoch: 'e', seq: 30 } }, head, 30],
    ['as far back as is allowed', { clientMessageId, since: { epoch: 'e', seq: 10 } }, head, 10],
    ['the beginning, for an empty room that was known as one', { clientMessageId, since: empty }, empty, 0],
    ['the beginning, for a room that was empty', { clientMessageId, since: empty }, { ...head, seq: 20 }, 0],
    ['the retry window, without it', { clientMessageId }, head, 25],
    ['the beginning, without it in a short room', { clientMessageId }, { ...head, seq: 4 }, 0],
    ['the retry window, whatever it says without an id', { since: { epoch: 'x', seq: 99 } }, head, 25],
  ])('begins the search after %s', (_, draft, room, after) => {
    expect(searchAfter(draft, room, limits)).toBe(after)
  })

  it.each([
    ['names another epoch', { epoch: 'x', seq: 25 }, head, 'another epoch'],
    ['names no epoch but a seq', { epoch: null, seq: 25 }, head, 'another epoch'],
    ['names an epoch of an empty room', { epoch: 'e', seq: 0 }, empty, 'another epoch'],
    ['lies beyond the last entry', { epoch: 'e', seq: 31 }, head, 'beyond the room’s last message, 30'],
    ['lies too far behind', { epoch: 'e', seq: 9 }, head, 'more than 20 entries behind'],
    ['knew an empty room that has gone too far', empty, { ...head, seq: 21 }, 'more than 20 entries behind'],
  ])('is refused if it %s', (_, since, room, reason) => {
    expect(searchAfter({ clientMessageId, since }, room, limits)).toMatchObject({
      code: 'stale_cursor',
      message: expect.stringContaining(reason.replace('’', "'")),
    })
  })

  it('is refused if what followed has expired', () => {
    expect(expiredSince()).toMatchObject({ code: 'stale_cursor' })
  })
})
