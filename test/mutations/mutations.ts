/** One way to break a promise of PROTOCOL.md, and the test that has to notice. */
export type Mutation = {
  /** What the service or the client does wrong then. */
  readonly fault: string
  /** From the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly original: string
  readonly broken: string
  /** How the title of the test in test/e2e/promises.test.ts begins: the number of the promise, and more. */
  readonly test: string
}

export const mutations: readonly Mutation[] = [
  {
    fault: 'a writer overwrites what another one has just stored',
    file: 'adapters/dynamodb/log/run-store.ts',
    original: "ConditionExpression: 'attribute_not_exists(roomId)',",
    broken: '',
    test: '1. seq runs 1, 2, 3',
  },
  {
    fault: 'a message is acknowledged and stored in another room',
    file: 'adapters/dynamodb/log/run-store.ts',
    original: 'Item: itemOf(roomId, run),',
    broken: "Item: itemOf('elsewhere', run),",
    test: '2. a message whose ack was received is stored',
  },
  {
    fault: 'one member of a page is passed over',
    file: 'core/delivery/serve-members.ts',
    original: 'members.map((member) => serve(member, batch.frames))',
    broken: 'members.slice(1).map((member) => serve(member, batch.frames))',
    test: '2. every member that stays connected gets it',
  },
  {
    fault: 'who resumes misses the first message after its cursor',
    file: 'core/use-cases/join-room.ts',
    original: 'after: since.seq,',
    broken: 'after: since.seq + 1,',
    test: '2. a member that comes back with since',
  },
  {
    fault: 'a post that failed is forgotten',
    file: 'core/delivery/serve-members.ts',
    original: "youngMs) return { outcome, result: 'retry' }",
    broken: "youngMs) return { outcome, result: 'settled' }",
    test: '2. a message that could not be delivered at once',
  },
  {
    fault: 'a retry is stored as a new message',
    file: 'adapters/dynamodb/log/retries.ts',
    original: 'if (entry !== undefined) return { epoch',
    broken: 'if (entry?.seq === 0) return { epoch',
    test: '2. the same frame sent again',
  },
  {
    fault: 'the client sends a message again under another id',
    file: 'client/rooms/outbox.ts',
    original: '...item.draft, since:',
    broken: '...item.draft, clientMessageId: item.draft.clientMessageId + item.failures, since:',
    test: '2. a message that the SDK has to send again',
  },
  {
    fault: 'the client sends a message again as if it were for the first time',
    file: 'client/rooms/outbox.ts',
    original: 'item.firstTry ??= {',
    broken: 'item.firstTry = {',
    test: '2. a message that the SDK has to send again',
  },
  {
    fault: 'messages on the second connection are ignored',
    file: 'client/connection/rollover.ts',
    original: '...on,\n      ready:',
    broken: '...on,\n      messages: () => undefined,\n      ready:',
    test: '2. a member whose connection the SDK changes',
  },
  {
    fault: 'a retry is taken for new although nobody looked far enough back',
    file: 'core/domain/retry-window.ts',
    original: 'if (head.seq - since.seq > sinceEntries) {',
    broken: 'if (head.seq < 0) {',
    test: '2. a retry of which nobody can tell',
  },
  {
    fault: 'the history after a seq begins one too late',
    file: 'adapters/dynamodb/log/history.ts',
    original: 'Math.max(after + 1, floor)',
    broken: 'Math.max(after + 2, floor)',
    test: '3. a hole in what arrives',
  },
  {
    fault: 'pong tells no heads',
    file: 'core/use-cases/ping.ts',
    original: '? await log.head(roomId) : null',
    broken: '? { epoch: null, seq: 0 } : null',
    test: '3. the heads in pong',
  },
  {
    fault: 'a page that was cut says that it is the last',
    file: 'core/use-cases/join-room.ts',
    original: 'more: page.more || taken.length < messages.length',
    broken: 'more: false',
    test: '4. joinRoom with since returns everything',
  },
  {
    fault: 'what has expired is taken for recovered',
    file: 'core/use-cases/join-room.ts',
    original: 'floor <= since.seq + 1',
    broken: 'floor > 0',
    test: '4. joinRoom with since says recovered: false',
  },
  {
    fault: 'the epoch of a cursor is not looked at',
    file: 'core/use-cases/join-room.ts',
    original: ': since.epoch === epoch) &&',
    broken: ': epoch !== null) &&',
    test: '4. joinRoom with since says recovered: false',
  },
  {
    fault: 'the client sends its newest message first',
    file: 'client/rooms/outbox.ts',
    original: 'queue.push(item)',
    broken: 'queue.unshift(item)',
    test: '5. who waits for a reply',
  },
]
