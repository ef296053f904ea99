import { describe, expect, it } from 'vitest'
import { ChatClientError } from '../../../client/api/errors.ts'
import { dayOf } from '../../../web/calendar.ts'
import { continuesGroup, startsDay } from '../../../web/grouping.ts'
import { splitLinks } from '../../../web/links.ts'
import { roomIdOf } from '../../../web/room-id.ts'
import { readVisitor, rememberVisitor } from '../../../web/visitor.ts'
import {
  badgeOf,
  budgetText,
  hueOf,
  initialsOf,
  newMessagesText,
  reasonForFailure,
  reasonForLeaving,
} from '../../../web/wording.ts'

const sentBy = (userId: string, hours: number, minutes: number, day = 22) => ({
  sender: { userId },
  sentAt: new Date(2026, 10, day, hours, minutes).toISOString(),
})

describe('grouping', () => {
  it('joins what one sender writes within a few minutes', () => {
    expect(continuesGroup(sentBy('ada', 9, 0), sentBy('ada', 9, 4))).toBe(true)
    expect(continuesGroup(sentBy('ada', 9, 0), sentBy('ada', 9, 6))).toBe(false)
    expect(continuesGroup(sentBy('ada', 9, 0), sentBy('bob', 9, 1))).toBe(false)
    expect(continuesGroup(undefined, sentBy('ada', 9, 0))).toBe(false)
  })

  it('begins anew with each day', () => {
    expect(startsDay(undefined, sentBy('ada', 9, 0))).toBe(true)
    expect(startsDay(sentBy('ada', 23, 59, 21), sentBy('ada', 0, 1, 22))).toBe(true)
    expect(continuesGroup(sentBy('ada', 23, 59, 21), sentBy('ada', 0, 1, 22))).toBe(false)
  })
})

describe('calendar', () => {
  it('names days as one would now', () => {
    const now = new Date(2026, 10, 22, 12)
    expect(dayOf(new Date(2026, 10, 22, 0, 1).toISOString(), now)).toBe('Today')
    expect(dayOf(new Date(2026, 10, 21, 23, 59).toISOString(), now)).toBe('Yesterday')
    expect(dayOf(new Date(2026, 10, 1).toISOString(), now)).not.toContain('2026')
    expect(dayOf(new Date(2025, 10, 22).toISOString(), now)).toContain('2025')
  })
})

describe('links', () => {
  it('are cut out of a message that stays whole', () => {
    const content = 'See https://example.org/a?b=1, and (http://example.com).'
    const pieces = splitLinks(content)
    expect(pieces.map(({ text }) => text).join('')).toBe(content)
    expect(pieces.flatMap(({ href }) => href ?? [])).toEqual([
      'https://example.org/a?b=1',
      'http://example.com',
    ])
  })

  it('are only web pages', () => {
    for (const content of ['javascript:alert(1)', 'data:text/html,x', 'no link', '']) {
      expect(splitLinks(content)).toEqual([{ text: content }])
    }
  })
})

describe('room names', () => {
  it('may be typed loosely', () => {
    expect(roomIdOf(' #general ')).toBe('general')
    expect(roomIdOf('quiet corner')).toBe('quiet-corner')
    expect(roomIdOf('')).toBeUndefined()
    expect(roomIdOf('käse')).toBeUndefined()
    expect(roomIdOf('x'.repeat(129))).toBeUndefined()
  })
})

describe('visitor', () => {
  const storageWith = (entries: Record<string, string>) => {
    const store = new Map(Object.entries(entries))
    return {
      getItem: (key: string) => store.get(key) ?? null,
      setItem: (key: string, value: string) => {
        store.set(key, value)
      },
    }
  }

  it('is remembered, and the address has the last word', () => {
    const storage = storageWith({})
    rememberVisitor({ user: 'ada', room: 'random' }, storage)
    expect(readVisitor('', storage)).toEqual({ user: 'ada', room: 'random' })
    expect(readVisitor('?room=general&user=bob', storage)).toEqual({ user: 'bob', room: 'general' })
  })

  it('is new where nothing is remembered, or may be', () => {
    expect(readVisitor('', undefined)).toEqual({ user: '', room: 'general' })
  })
})

describe('wording', () => {
  it('tells a first connection from another one', () => {
    const connecting = { status: 'connecting', attempt: 1 } as const
    expect(badgeOf(connecting, false).state).toBe('connecting')
    expect(badgeOf(connecting, true).state).toBe('reconnecting')
    expect(badgeOf({ status: 'resuming' }, true).state).toBe('reconnecting')
    expect(badgeOf({ status: 'open' }, true)).toEqual({ state: 'online', label: 'Online' })
    expect(badgeOf({ status: 'offline', retryInMs: 1 }, true).state).toBe('offline')
  })

  it('says that the server is waited for once a message has waited for some seconds', () => {
    expect(badgeOf({ status: 'open' }, true, 5000).label).toBe('Online')
    expect(badgeOf({ status: 'open' }, true, 5001)).toEqual({
      state: 'waiting',
      label: 'Waiting for the server',
    })
    expect(badgeOf({ status: 'offline', retryInMs: 1 }, true, 60_000).state).toBe('offline')
  })

  it('mentions the limit of a message when it comes near', () => {
    expect(budgetText(7000, 8192)).toBeUndefined()
    expect(budgetText(8000, 8192)).toBe('192 left')
    expect(budgetText(8192, 8192)).toBe('0 left')
    expect(budgetText(8200, 8192)).toBe('8 too long')
  })

  it('says why somebody is out, and nothing of what was wanted', () => {
    const hasToken = true
    expect(reasonForLeaving(new ChatClientError('closed', 'Closed.'), { hasToken })).toBeUndefined()
    expect(reasonForLeaving(new ChatClientError('forbidden', 'Banned.'), { hasToken })).toContain('Banned.')
  })

  it('asks for a token in words for a person', () => {
    const refused = new ChatClientError('unauthorized', 'It expired.')
    expect(reasonForLeaving(refused, { hasToken: false })).toBe('This chat needs a token. Paste yours below.')
    expect(reasonForLeaving(refused, { hasToken: true })).toBe(
      'Your token is invalid or has expired. It expired.',
    )
  })

  it('says why a message was not sent', () => {
    expect(reasonForFailure(new ChatClientError('muted', 'x'))).toContain('muted')
    expect(reasonForFailure(new ChatClientError('bad_request', 'Odd.'))).toBe('Not sent. Odd.')
    // It may have been stored.
    expect(reasonForFailure(new ChatClientError('internal', 'Oops.'))).toContain('may not have been sent')
  })

  it('counts new messages', () => {
    expect(newMessagesText(1)).toBe('1 new message')
    expect(newMessagesText(12)).toBe('12 new messages')
    expect(newMessagesText(100)).toBe('99+ new messages')
  })

  it('finds initials in any name', () => {
    expect(initialsOf('Ada Lovelace')).toBe('AL')
    expect(initialsOf('ada')).toBe('A')
    expect(initialsOf('grace.b.hopper')).toBe('GH')
    expect(initialsOf('👩‍👩‍👧 family')).toBe('👩‍👩‍👧F')
    expect(initialsOf('   ')).toBe('?')
  })

  it('gives a user one colour', () => {
    expect(hueOf('ada')).toBe(hueOf('ada'))
    expect(hueOf('ada')).not.toBe(hueOf('bob'))
    expect(hueOf('').valueOf()).toBe(0)
  })
})
