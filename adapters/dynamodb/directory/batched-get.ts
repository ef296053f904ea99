import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ChatError } from '../../../protocol/chat-error.ts'
import { orUnavailable } from '../errors.ts'

type Deps = {
  readonly client: DynamoDBClient
  readonly tableName: string
  /** Attributes of the table's key, all strings. */
  readonly keyNames: readonly string[]
}

type Item = Readonly<Record<string, AttributeValue>>
type Key = Readonly<Record<string, { readonly S: string }>>

/** Keys of one request, by a text that identifies each. */
type Batch = Map<string, { readonly key: Key; readonly answer: PromiseWithResolvers<Item | undefined> }>

/** Maximum keys of a BatchGetItem: DynamoDB's limit. */
const maxBatchKeys = 100

/** Concurrent reads (our choice): a read without an answer, for up to 9 s, does not block all others. */
const maxReadsAtOnce = 4

/**
 * Creates a function that reads items by key, consistently. Keys that are requested in one turn share a request, each once.
 * So do keys that are requested while the maximum number of reads is in flight. A flood of frames from one connection costs
 * a few reads of its row. A read that began before the request is never shared, which keeps the answer consistent.
 */
export const makeBatchedGet = ({ client, tableName, keyNames }: Deps) => {
  let waiting: Batch = new Map()
  let reading = 0

  const get = (key: Key): Promise<Item | undefined> => {
    const name = nameOf(key, keyNames)
    const present = waiting.get(name)
    if (present) return present.answer.promise
    const answer = Promise.withResolvers<Item | undefined>()
    waiting.set(name, { key, answer })
    // Delayed by a microtask, so that requests of the same turn share it.
    if (waiting.size === 1) queueMicrotask(readWaiting)
    return answer.promise
  }

  const readWaiting = (): void => {
    while (waiting.size > 0 && reading < maxReadsAtOnce) {
      const batch: Batch = new Map([...waiting].slice(0, maxBatchKeys))
      waiting = new Map([...waiting].slice(maxBatchKeys))
      void readBatch(batch)
    }
  }

  const readBatch = async (batch: Batch): Promise<void> => {
    reading++
    await settle(batch)
    reading--
    readWaiting()
  }

  const settle = async (batch: Batch): Promise<void> => {
    try {
      const items = await read([...batch.values()].map(({ key }) => key))
      for (const [name, { answer }] of batch) answer.resolve(items.get(name))
    } catch (error) {
      for (const { answer } of batch.values()) answer.reject(error)
    }
  }

  const read = async (keys: readonly Key[]): Promise<Map<string, Item>> => {
    const items = new Map<string, Item>()
    let remaining: readonly Item[] = keys
    while (remaining.length > 0) {
      const Keys = remaining.map((key) => ({ ...key }))
      const request = new BatchGetItemCommand({
        RequestItems: { [tableName]: { Keys, ConsistentRead: true } },
      })
      const { Responses, UnprocessedKeys } = await orUnavailable(() => client.send(request))
      for (const item of Responses?.[tableName] ?? []) items.set(nameOf(item, keyNames), item)
      const unprocessed = UnprocessedKeys?.[tableName]?.Keys ?? []
      // DynamoDB returns keys that its throughput did not allow. If it read none, it is overloaded.
      if (unprocessed.length === remaining.length) {
        throw new ChatError('unavailable', 'The store is overloaded. Send the same frame again.')
      }
      remaining = unprocessed
    }
    return items
  }
  return get
}

const nameOf = (item: Item, keyNames: readonly string[]): string =>
  JSON.stringify(keyNames.map((keyName) => item[keyName]?.S))
