import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { connect } from 'amqplib'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { rowKeyOf } from '../../adapters/dynamodb/directory/member-row.ts'
import { describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { laneOf } from '../../core/domain/lanes.ts'
import { eventually } from '../support/eventually.ts'
import { startTestChat } from '../support/gateway/test-chat.ts'
import { spawnDeadLetters } from '../support/processes/dead-letters-process.ts'
import { needs } from '../support/requirements.ts'
import { connectPlain } from '../support/sockets/plain-client.ts'

const rabbitMq = inject('rabbitMq')
const counts = { lanes: 2, bulkLanes: 1 }

describe('a message that was set aside', needs('RabbitMQ', rabbitMq !== null), () => {
  const roomId = 'general'
  const send = (content: string) => ({ action: 'sendMessage', roomId, content })

  /** A row that no version wrote: whoever reads the members of the room meets a defect. */
  const breakableRoom = (endpoint: string | null, TableName: string) => {
    const client = makeDynamoDbClient({ endpoint: endpoint ?? '' })
    const Key = rowKeyOf(roomId, 'broken')
    const expiresAtMs = { N: String(Date.now() + 3_600_000) }
    return {
      breakIt: () => client.send(new PutItemCommand({ TableName, Item: { ...Key, expiresAtMs } })),
      mendIt: () => client.send(new DeleteItemCommand({ TableName, Key })),
    }
  }

  it('reaches every member once the operator has mended the cause and replayed it', async () => {
    const chat = await startTestChat({
      parts: { store: 'dynalite', broker: 'rabbitMq' },
      env: { LOG_LEVEL: 'silent' },
    })
    const { tables, queuePrefix } = chat
    const env = { RABBITMQ_URL: rabbitMq ?? '', QUEUE_PREFIX: queuePrefix, LANES: '2', BULK_LANES: '1' }
    const operate = (...args: string[]) => spawnDeadLetters(args, env).ended
    const listed = async () => JSON.parse((await operate('list', '--json')).output)
    const [ada, bob] = await Promise.all(
      ['ada', 'bob'].map((userId) => connectPlain(`${chat.url}/?userId=${userId}&roomId=${roomId}`)),
    )
    if (!ada || !bob) throw new Error('Two have connected')

    const room = breakableRoom(tables.endpoint, tables.names.connections)
    await room.breakIt()
    expect(await ada.request(send('into a broken room'))).toMatchObject({ type: 'ack', seq: 1 })
    await eventually(async () => (await listed()).length === 1, 'the job to be set aside')
    const [letter] = await listed()
    expect(letter).toMatchObject({ kind: 'messages', roomId, from: 1, to: 1, reason: 'failed: see the log' })
    expect([ada.pushed(roomId), bob.pushed(roomId)]).toEqual([[], []])

    // Replayed before its cause is mended, it is set aside again, and is not lost.
    expect((await operate('replay', letter.id)).code).toBe(0)
    await eventually(async () => (await listed()).length === 1, 'the job to be set aside again')

    await room.mendIt()
    expect(await operate('replay', '--all', '--room', roomId)).toMatchObject({ code: 0, errors: '' })
    for (const member of [ada, bob]) {
      await member.untilPushed(roomId, 1)
      expect(member.pushed(roomId)).toMatchObject([{ seq: 1, content: 'into a broken room' }])
      expect(member.problems).toEqual([])
    }
    expect(await listed()).toEqual([])

    await ada.request(send('and on it goes'))
    await bob.untilPushed(roomId, 2)
    expect(bob.pushed(roomId).map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('was the one that nobody could understand: what came with it in a batch was delivered', async () => {
    const chat = await startTestChat({
      parts: { store: 'dynalite', broker: 'rabbitMq' },
      env: { LOG_LEVEL: 'silent' },
    })
    const { jobsExchange, deadLetterQueue } = describeTopology({ ...counts, prefix: chat.queuePrefix })
    const connection = await connect(rabbitMq ?? '')
    onTestFinished(() => connection.close())
    const channel = await connection.createConfirmChannel()
    const poison = ['not json', '{"v":9,"kind":"messages"}', '\u0000', '[]', '{}']
    const ada = await connectPlain(`${chat.url}/?userId=ada&roomId=${roomId}`)
    const sent = poison.flatMap((body) => {
      channel.publish(jobsExchange, laneOf(roomId, counts), Buffer.from(body), { persistent: true })
      return ada.request(send(`beside ${body}`))
    })
    await Promise.all(sent)
    await ada.untilPushed(roomId, sent.length)
    expect(ada.pushed(roomId).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    await eventually(
      async () => (await channel.checkQueue(deadLetterQueue)).messageCount === poison.length,
      'each of them to be set aside',
    )
  })
})
