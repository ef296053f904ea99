import { describe, expect, inject, it } from 'vitest'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { makeRoomDirectory } from '../../adapters/dynamodb/directory/room-directory.ts'
import { makeMessageLog } from '../../adapters/dynamodb/log/message-log.ts'
import { createTables } from '../../adapters/dynamodb/tables.ts'
import { encodeJob } from '../../core/domain/job.ts'
import { membershipMs } from '../../core/membership.ts'
import { makeCheckAccess } from '../../core/use-cases/check-access.ts'
import { makeConnect } from '../../core/use-cases/connect.ts'
import { makeDeliver } from '../../core/use-cases/deliver.ts'
import { makeDisconnect } from '../../core/use-cases/disconnect.ts'
import { makeGetHistory } from '../../core/use-cases/get-history.ts'
import { makeHello } from '../../core/use-cases/hello.ts'
import { makeJoinRoom } from '../../core/use-cases/join-room.ts'
import { makeLeaveRoom } from '../../core/use-cases/leave-room.ts'
import { makePing } from '../../core/use-cases/ping.ts'
import { makeSendMessage } from '../../core/use-cases/send-message.ts'
import { type FunctionName, functionNames } from '../../lambdas/routes.ts'
import { callerOf, identityOf, messagesJob } from '../support/builders.ts'
import { makeParts, recordJobs, recordPosts } from '../support/gateway/parts.ts'
import { functionOf, statementsOf } from './synthesis/template.ts'

/** A function's use cases over DynamoDB, with what they do there noted; and the same, not noted, to prepare things. */
const setUp = async () => {
  const parts = makeParts()
  const suffix = crypto.randomUUID()
  const names = { messages: `messages-${suffix}`, connections: `connections-${suffix}` }
  const client = makeDynamoDbClient({ endpoint: inject('dynalite') })
  await createTables(client, { names })
  const done = new Set<string>()
  const noting = makeDynamoDbClient({ endpoint: inject('dynalite') })
  noting.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        done.add(`dynamodb:${String(commandName).replace('Command', '')} ${placeOf(args.input)}`)
        return next(args)
      },
    { step: 'initialize' },
  )
  const over = (dynamoDb: typeof client) => ({
    ...parts,
    directory: makeRoomDirectory({ client: dynamoDb, tableName: names.connections, clock: parts.clock }),
    log: makeMessageLog({
      client: dynamoDb,
      tableName: names.messages,
      clock: parts.clock,
      newId: parts.newId,
      maxRunEntries: 1,
    }),
  })
  return { ...over(noting), before: over(client), done }
}

const placeOf = (input: object): string => {
  const [table] = 'RequestItems' in input ? Object.keys(Object(input.RequestItems)) : []
  const name = table ?? ('TableName' in input ? String(input.TableName) : '')
  const index = 'IndexName' in input && input.IndexName ? `/index/${input.IndexName}` : ''
  return `${name.replace(/-.*/, '')}${index}`
}

/** What the template lets a function do on the tables. */
const allowed = (name: FunctionName): readonly string[] => {
  const { template } = inject('small')
  return statementsOf(template, functionOf(template, name))
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => `${action} ${resource}`)),
    )
    .filter((permission) => permission.startsWith('dynamodb:'))
    .map((permission) =>
      permission
        .replace('<Storage/Messages.Arn>', 'messages')
        .replace('<Storage/Connections.Arn>', 'connections'),
    )
    .sort()
}

const ada = callerOf('c1')
/** More than an item may hold, so that DynamoDB refuses the row. */
const longName = 'a'.repeat(500_000)
const hello = { action: 'sendMessage', roomId: 'general', content: 'hello' } as const

describe('the tables are used as functions are allowed to: no less and no more, by', () => {
  it('connect', async () => {
    const { done, before, ...parts } = await setUp()
    const connect = makeConnect(parts)
    await connect(ada, 'general')
    await before.directory.markGone('c2')
    await connect(callerOf('c2'), 'general')
    await expect(connect(callerOf('c3', { name: longName }), 'general')).rejects.toThrow()
    expect([...done].sort()).toEqual(allowed('connect'))
  })

  it('disconnect', async () => {
    const { done, before, directory } = await setUp()
    await makeConnect(before)(ada, 'general')
    await makeDisconnect({ directory })('ada', 'c1')
    expect([...done].sort()).toEqual(allowed('disconnect'))
  })

  it('auth-check', async () => {
    const { done, directory, limits } = await setUp()
    await makeCheckAccess({ directory, limits })(identityOf(), 'general')
    expect([...done].sort()).toEqual(allowed('auth-check'))
  })

  it('send-message', async () => {
    const { done, before, ...parts } = await setUp()
    await makeConnect(before)(ada, 'general')
    const moderate = async ({ content }: { content: string }) => content
    const sendMessage = makeSendMessage({ ...parts, moderate })
    const { epoch, seq } = await sendMessage(ada, { ...hello, clientMessageId: 'm1' })
    await sendMessage(ada, { ...hello, clientMessageId: 'm1', since: { epoch, seq: seq - 1 } })
    expect([...done].sort()).toEqual(allowed('send-message'))
  })

  it('room-actions', async () => {
    const { done, before, advance, ...parts } = await setUp()
    await makeConnect(before)(ada, 'general')
    const room = { roomId: 'other' }
    await makeJoinRoom(parts)(ada, { action: 'joinRoom', ...room })
    await before.directory.markGone('c2')
    await expect(makeJoinRoom(parts)(callerOf('c2'), { action: 'joinRoom', ...room })).rejects.toThrow(
      'closed',
    )
    await makeGetHistory(parts)(ada, { action: 'getHistory', ...room })
    await makeHello({ ...parts, maxAgeSeconds: 7200 })(ada, { action: 'hello' })
    advance(membershipMs / 2 + 1)
    await makePing(parts)(ada, { action: 'ping', rooms: ['general'] })
    await makeLeaveRoom(parts)(ada, { action: 'leaveRoom', ...room })
    expect([...done].sort()).toEqual(allowed('room-actions'))
  })

  it('deliver', async () => {
    const { done, before, advance, ...parts } = await setUp()
    await makeConnect(before)(ada, 'general')
    await makeConnect(before)(callerOf('c2', { userId: 'bob' }), 'general')
    advance(60_000)
    const draft = {
      roomId: 'general',
      kind: 'text',
      sender: { userId: 'ada' },
      content: 'hello',
      sentAtMs: 0,
    } as const
    const [first, second, third] = [
      await before.log.append({ ...draft, messageId: 'm1' }),
      await before.log.append({ ...draft, messageId: 'm2' }),
      await before.log.append({ ...draft, messageId: 'm3' }),
    ]
    const { epoch } = first
    const { poster } = recordPosts((connectionId) => (connectionId === 'c2' ? 'gone' : 'sent'))
    const deliver = makeDeliver({ ...parts, poster, publisher: recordJobs().publisher })
    const deliverAll = (job: Parameters<typeof encodeJob>[0]) =>
      deliver([encodeJob(job)], Number.MAX_SAFE_INTEGER)
    await deliverAll(messagesJob({ epoch, entries: [first.entry] }))
    // The second is missing in between, and read from the log.
    expect(second.entry.seq).toBe(2)
    await deliverAll(messagesJob({ epoch, entries: [third.entry] }))
    await deliverAll({
      v: 1,
      kind: 'retry',
      roomId: 'general',
      epoch,
      from: 1,
      to: 3,
      connectionIds: ['c1'],
      attempt: 1,
    })
    expect([...done].sort()).toEqual(allowed('deliver'))
  })

  it('nobody else', () => {
    const users = functionNames.filter((name) => allowed(name).length > 0)
    expect(users.toSorted()).toEqual([
      ...['auth-check', 'connect', 'deliver', 'disconnect'],
      ...['room-actions', 'send-message'],
    ])
  })
})
