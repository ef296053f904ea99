import { BatchGetItemCommand, DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { makeBatchedGet } from '../../../../../adapters/dynamodb/directory/batched-get.ts'

const TableName = 'table'
const dynamoDb = mockClient(DynamoDBClient)
const keyOf = (id: string) => ({ id: { S: id } })
const items = (ids: readonly string[], version: string) => ({
  Responses: { [TableName]: ids.map((id) => ({ ...keyOf(id), version: { S: version } })) },
})

/** Gets whose reads are answered when a test says so, in whatever order. */
const setUp = () => {
  const reads: { readonly ids: readonly string[]; readonly answer: (version: string) => void }[] = []
  dynamoDb.on(BatchGetItemCommand).callsFake(({ RequestItems }) => {
    const ids = RequestItems[TableName].Keys.map((key: ReturnType<typeof keyOf>) => key.id.S)
    return new Promise((resolve) => reads.push({ ids, answer: (version) => resolve(items(ids, version)) }))
  })
  const getItem = makeBatchedGet({
    client: new DynamoDBClient({ region: 'eu-central-1' }),
    tableName: TableName,
    keyNames: ['id'],
  })
  const get = async (id: string) => (await getItem(keyOf(id)))?.version?.S
  const untilReads = (count: number) => vi.waitFor(() => expect(reads).toHaveLength(count))
  /** As many reads as may be under way at a time, none of which has been answered. */
  const occupy = async () => {
    const occupied: Promise<string | undefined>[] = []
    for (const id of ['1', '2', '3', '4']) {
      occupied.push(get(id))
      await untilReads(occupied.length)
    }
    return occupied
  }
  return { get, reads, untilReads, occupy }
}

describe('batched get', () => {
  beforeEach(() => dynamoDb.reset())

  it('asks for what is asked for in one turn together, each key once', async () => {
    const { get, reads, untilReads } = setUp()
    const asked = Array.from({ length: 1000 }, (_, index) => get(`${index % 20}`))
    await untilReads(1)
    reads[0]?.answer('v1')
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['v1']))
    expect(reads.map(({ ids }) => ids)).toEqual([Array.from({ length: 20 }, (_, index) => `${index}`)])
    expect(dynamoDb.commandCalls(BatchGetItemCommand)[0]?.args[0].input.RequestItems).toMatchObject({
      [TableName]: { ConsistentRead: true },
    })
  })

  it('splits what is more than one read takes, and has the parts read beside each other', async () => {
    const { get, reads, untilReads } = setUp()
    const asked = Array.from({ length: 250 }, (_, index) => get(`${index}`))
    await untilReads(3)
    expect(reads.map(({ ids }) => ids.length)).toEqual([100, 100, 50])
    for (const { answer } of reads) answer('v1')
    expect(await Promise.all(asked)).toEqual(Array(250).fill('v1'))
  })

  it('lets a read that never ends hold up none that comes after it', async () => {
    const { get, reads, untilReads } = setUp()
    void get('stuck')
    await untilReads(1)
    for (const id of ['a', 'b', 'stuck', 'c', 'd']) {
      const asked = get(id)
      await untilReads(reads.length + 1)
      reads.at(-1)?.answer('v1')
      expect(await asked).toBe('v1')
    }
  })

  it('has four reads under way and no more; what waits goes together, each key once', async () => {
    const { get, reads, untilReads, occupy } = setUp()
    const occupied = await occupy()
    const waiting: Promise<string | undefined>[] = []
    for (const id of ['5', '6', '5', '7', '5']) {
      waiting.push(get(id))
      await new Promise(setImmediate)
    }
    expect(reads).toHaveLength(4)

    reads[2]?.answer('v1')
    expect(await occupied[2]).toBe('v1')
    await untilReads(5)
    expect(reads[4]?.ids).toEqual(['5', '6', '7'])
    reads[4]?.answer('v2')
    expect(await Promise.all(waiting)).toEqual(Array(5).fill('v2'))
  })

  it('shares no read that began before it was asked for', async () => {
    const { get, reads, untilReads, occupy } = setUp()
    const before = get('a')
    await untilReads(1)
    const after = get('a')
    await untilReads(2)
    reads[1]?.answer('new')
    reads[0]?.answer('old')
    expect([await before, await after]).toEqual(['old', 'new'])

    reads.splice(0)
    const [sooner] = await occupy()
    const later = get('1')
    reads[0]?.answer('old')
    expect(await sooner).toBe('old')
    await untilReads(5)
    expect(reads[4]?.ids).toEqual(['1'])
    reads[4]?.answer('new')
    expect(await later).toBe('new')
  })

  it('fails those who asked for what failed, and gives its place to the next', async () => {
    const { get, reads, untilReads } = setUp()
    const failure = new ResourceNotFoundException({ message: 'as DynamoDB says it', $metadata: {} })
    dynamoDb
      .on(BatchGetItemCommand, {
        RequestItems: { [TableName]: { Keys: [keyOf('bad')], ConsistentRead: true } },
      })
      .rejects(failure)
    for (let time = 0; time < 10; time++) await expect(get('bad')).rejects.toBe(failure)
    const good = get('good')
    await untilReads(1)
    reads[0]?.answer('v1')
    expect(await good).toBe('v1')
  })
})
