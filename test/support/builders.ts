import type { Entry } from '../../core/domain/entry.ts'
import type { Caller, Identity } from '../../core/domain/identity.ts'
import type { MessagesJob } from '../../core/domain/job.ts'

export const entryOf = (fields: Partial<Entry> = {}): Entry => ({
  seq: 1,
  kind: 'text',
  messageId: `m${fields.seq ?? 1}`,
  sender: { userId: 'ada', name: 'Ada' },
  content: 'hello',
  sentAtMs: Date.UTC(2026, 10, 22, 11, 4, 5, 123),
  ...fields,
})

export const messagesJob = (fields: Partial<MessagesJob> = {}): MessagesJob => ({
  v: 1,
  kind: 'messages',
  roomId: 'general',
  epoch: 'e',
  entries: [entryOf()],
  ...fields,
})

export const identityOf = (fields: Partial<Identity> = {}): Identity => ({
  userId: 'ada',
  name: 'Ada',
  rooms: ['*'],
  roles: [],
  tokenExpiresAtMs: 8.64e15,
  ...fields,
})

export const callerOf = (connectionId: string, identity: Partial<Identity> = {}): Caller => ({
  connectionId,
  endpoint: 'https://chat.example.test/prod',
  identity: identityOf(identity),
})
