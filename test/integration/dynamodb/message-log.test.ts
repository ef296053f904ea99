import {
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ProvisionedThroughputExceededException,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { makeMessageLog } from '../../../adapters/dynamodb/log/message-log.ts'
import { createTables } from '../../../adapters/dynamodb/tables.ts'
import type { MessageLog } from '../../../core/ports.ts'
import { draftOf } from '../../support/drafts.ts'

const names = {
  messages: `messages-${crypto.randomUUID()}`,
  connections: `connections-${crypto.randomUUID()}`,
}

const setUp = (client: DynamoDBClient = makeDynamoDbClient({ endpoint: inject('dynalite') })) => {
  const commands: string[] = []
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        commands.push(commandName)
        return next(args)
      },
    { step: 'initialize' },
  )
  const roomId = `room.${crypto.randomUUID()}`
  const options = { client, tableName: names.messages, clock: Date.now, newId: () => crypto.randomUUID() }
  const countOf = (name: string) => commands.filter((command) => command === name).length
  return { client, roomId, countOf, log: makeMessageLog(options) }
}

/** Has the answers to the next puts lost on the way, below the SDK's own retries. */
const loseAnswers = (client: DynamoDBClient, count: number) => {
  let left = count
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const sent = await next(args).catch((error: Error) => error)
        if (commandName === 'PutItemCommand' && left-- > 0) {
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
        }
        if (sent instanceof Error) throw sent
        return sent
      },
    { step: 'finalizeRequest', priority: 'low' },
  )
}

const contentsOf = async (log: MessageLog, roomId: string) =>
  (await log.read({ roomId, after: 0, limit: 100 })).entries.map(({ content }) => content)

describe('message log on DynamoDB', () => {
  beforeAll(async () => {
    await createTables(makeDynamoDbClient({ endpoint: inject('dynalite') }), { names })
  })

  it('stores a message once whose answer was lost, so that the SDK put it again', async () => {
    const { client, roomId, log, countOf } = setUp()
    await log.append(draftOf({ roomId, content: 'first' }))
    loseAnswers(client, 1)
    const { clientMessageId: _, ...anonymous } = draftOf({ roomId, content: 'second' })
    expect(await log.append(anonymous)).toMatchObject({ duplicate: false, entry: { seq: 2 } })
    expect(await contentsOf(log, roomId)).toEqual(['first', 'second'])
    expect(countOf('PutItemCommand')).toBe(2)
  })

  it('calls it unavailable if no answer arrives at all, and recognises the retry', async () => {
    const { client, roomId, log } = setUp()
    loseAnswers(client, 3)
    const draft = draftOf({ roomId, content: 'only one', since: { epoch: null, seq: 0 } })
    await expect(log.append(draft)).rejects.toMatchObject({ name: 'ChatError', code: 'unavailable' })
    expect(await log.append({ ...draft, messageId: 'retry' })).toMatchObject({
      duplicate: true,
      entry: { seq: 1, messageId: draft.messageId },
    })
    expect(await contentsOf(log, roomId)).toEqual(['only one'])
  })

  it('goes behind the message of somebody else that took its place', async () => {
    const [one, other] = [setUp(), setUp()]
    const { roomId } = one
    await one.log.append(draftOf({ roomId, content: 'one' }))
    await other.log.append(draftOf({ roomId, content: 'other' }))
    const puts = one.countOf('PutItemCommand')
    expect((await one.log.append(draftOf({ roomId, content: 'one again' }))).entry.seq).toBe(3)
    expect(one.countOf('PutItemCommand') - puts).toBe(2)
    expect(await contentsOf(one.log, roomId)).toEqual(['one', 'other', 'one again'])
  })

  it('needs far fewer puts than messages where many arrive at once', async () => {
    const { roomId, log, countOf } = setUp()
    const drafts = Array.from({ length: 400 }, () => draftOf({ roomId }))
    const appended = await Promise.all(drafts.map(log.append))
    expect(appended.map(({ entry }) => entry.seq)).toEqual(drafts.map((_, index) => index + 1))
    expect(countOf('PutItemCommand')).toBe(8)
    expect(countOf('QueryCommand')).toBe(1)
  })

  it('calls DynamoDB’s throttling unavailable, and goes on when it is over', async () => {
    const { client, roomId, log } = setUp()
    await log.append(draftOf({ roomId, content: 'before' }))
    const mock = mockClient(client)
    mock
      .on(PutItemCommand)
      .rejectsOnce(new ProvisionedThroughputExceededException({ message: 'too much', $metadata: {} }))
    const draft = draftOf({ roomId, content: 'throttled' })
    await expect(log.append(draft)).rejects.toMatchObject({ code: 'unavailable' })
    mock.restore()
    expect((await log.append(draft)).entry.seq).toBe(2)
    expect(await contentsOf(log, roomId)).toEqual(['before', 'throttled'])
  })

  it('passes on that its table is missing, which no retry mends', async () => {
    const client = makeDynamoDbClient({ endpoint: inject('dynalite') })
    const options = { client, tableName: 'no-such-table', clock: Date.now, newId: () => 'epoch' }
    await expect(makeMessageLog(options).append(draftOf())).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })
})

describe('the tables', () => {
  const dynamoDbLocal = inject('dynamoDbLocal')
  const engines = [
    { engine: 'dynalite', endpoint: inject('dynalite') },
    ...(dynamoDbLocal === null ? [] : [{ engine: 'DynamoDB Local', endpoint: dynamoDbLocal }]),
  ]

  it.each(engines)('are created once, however often that is asked for, in $engine', async ({ endpoint }) => {
    const client = makeDynamoDbClient({ endpoint })
    const own = { messages: `m-${crypto.randomUUID()}`, connections: `c-${crypto.randomUUID()}` }
    await createTables(client, { names: own })
    await createTables(client, { names: own })
    const log = makeMessageLog({ client, tableName: own.messages, clock: Date.now, newId: () => 'epoch' })
    expect((await log.append(draftOf())).entry.seq).toBe(1)
  })

  // dynalite has no time to live; readers do not depend on it.
  it.each(engines.slice(1))('have expired items removed by $engine', async ({ endpoint }) => {
    const client = makeDynamoDbClient({ endpoint })
    const own = { messages: `m-${crypto.randomUUID()}`, connections: `c-${crypto.randomUUID()}` }
    await createTables(client, { names: own })
    for (const TableName of Object.values(own)) {
      const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
      expect(TimeToLiveDescription).toMatchObject({
        TimeToLiveStatus: 'ENABLED',
        AttributeName: 'expiresAt',
      })
    }
  })
})
