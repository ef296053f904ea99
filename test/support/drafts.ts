import type { Draft } from '../../core/domain/entry.ts'

let drafted = 0

/** A draft like no other, as a use case makes it from a frame. */
export const draftOf = (fields: Partial<Draft> = {}): Draft => {
  drafted++
  return {
    roomId: 'general',
    kind: 'text',
    messageId: `m${drafted}`,
    clientMessageId: `c${drafted}`,
    sender: { userId: 'ada', name: 'Ada' },
    content: `message ${drafted}`,
    sentAtMs: Date.UTC(2026, 10, 22, 11),
    ...fields,
  }
}
