import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expect, inject, it } from 'vitest'
import { makeDynamoDbClient } from '../../../adapters/dynamodb/client.ts'
import { makeRoomDirectory } from '../../../adapters/dynamodb/directory/room-directory.ts'
import { createTables } from '../../../adapters/dynamodb/tables.ts'
import type { Member } from '../../../core/domain/identity.ts'
import { freePort } from '../../support/servers/rabbitmq-server.ts'

const member: Member = {
  connectionId: 'L0SM9cOFvHcCIhw=',
  endpoint: 'http://127.0.0.1:8080',
  roomId: 'general',
  userId: 'ada',
  joinedAtMs: Date.now(),
  expiresAtMs: Date.now() + 60_000,
  tokenExpiresAtMs: Date.now() + 60_000,
}

const setUp = async () => {
  const client = makeDynamoDbClient({ endpoint: inject('dynalite') })
  const suffix = crypto.randomUUID()
  const names = { messages: `messages-${suffix}`, connections: `connections-${suffix}` }
  await createTables(client, { names })
  return { client, directory: makeRoomDirectory({ client, tableName: names.connections, clock: Date.now }) }
}

/** Runs a step once, right after the next request of this kind has taken effect and before its caller hears of it. */
const afterNext = (client: DynamoDBClient, commandName: string, step: () => Promise<void>) => {
  let done = false
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      if (!done && context.commandName === commandName) {
        done = true
        await step()
      }
      return result
    },
    { step: 'initialize', name: 'afterNext' },
  )
}

describe('room directory on DynamoDB', () => {
  it('takes the row back when $disconnect comes between writing it and looking for its tombstone', async () => {
    const { client, directory } = await setUp()
    const seen: (readonly string[])[] = []
    afterNext(client, 'PutItemCommand', async () => {
      seen.push(await directory.roomsOf(member.userId, member.connectionId))
      await directory.markGone(member.connectionId)
    })

    expect(await directory.join(member)).toBe(false)

    expect(seen).toEqual([['general']])
    expect(await directory.find('general', member.connectionId)).toBeUndefined()
    expect(await directory.roomsOf(member.userId, member.connectionId)).toEqual([])
  })

  it('leaves the row for $disconnect to find when the tombstone comes after the look', async () => {
    const { client, directory } = await setUp()
    afterNext(client, 'GetItemCommand', () => directory.markGone(member.connectionId))

    expect(await directory.join(member)).toBe(true)

    expect(await directory.roomsOf(member.userId, member.connectionId)).toEqual(['general'])
  })

  it('drops a room from what the index says if the row was left in the meantime', async () => {
    const { client, directory } = await setUp()
    await directory.join(member)
    await directory.join({ ...member, roomId: 'kitchen' })
    afterNext(client, 'QueryCommand', () => directory.leave('general', member.connectionId))

    expect(await directory.roomsOf(member.userId, member.connectionId)).toEqual(['kitchen'])
  })

  it('reads no row one by one for the rooms of a connection', async () => {
    const { client, directory } = await setUp()
    const commands: (string | undefined)[] = []
    await Promise.all(['a', 'b', 'c'].map((roomId) => directory.join({ ...member, roomId })))
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          commands.push(commandName)
          return next(args)
        },
      { step: 'initialize' },
    )

    await directory.roomsOf(member.userId, member.connectionId)

    expect(commands).toEqual(['QueryCommand', BatchGetItemCommand.name])
  })

  it('is unavailable, in every operation, while the store is out of reach', async () => {
    const client = makeDynamoDbClient({ endpoint: `http://127.0.0.1:${await freePort()}` })
    const directory = makeRoomDirectory({ client, tableName: 'connections', clock: Date.now })
    const { roomId, connectionId, userId } = member
    const unavailable = { name: 'ChatError', code: 'unavailable', cause: { code: 'ECONNREFUSED' } }

    await Promise.all([
      expect(directory.join(member)).rejects.toMatchObject(unavailable),
      expect(directory.renew(roomId, connectionId, Date.now())).rejects.toMatchObject(unavailable),
      expect(directory.leave(roomId, connectionId)).rejects.toMatchObject(unavailable),
      expect(directory.find(roomId, connectionId)).rejects.toMatchObject(unavailable),
      expect(directory.roomsOf(userId, connectionId)).rejects.toMatchObject(unavailable),
      expect(directory.markGone(connectionId)).rejects.toMatchObject(unavailable),
      expect(
        (async () => {
          for await (const page of directory.members(roomId)) expect(page).toEqual([])
        })(),
      ).rejects.toMatchObject(unavailable),
    ])
  })
})
