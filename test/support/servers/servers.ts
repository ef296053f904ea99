import type { TestProject } from 'vitest/node'
import { type Server, startDynalite, startDynamoDbLocal } from './dynamodb-engines.ts'
import { hasJava17, isInstalled } from './installed.ts'
import { brokerAnswers, startRabbitMqServer } from './rabbitmq-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a dynalite. */
    dynalite: string
    /** URL of the official DynamoDB Local; null where there is no Java 17. */
    dynamoDbLocal: string | null
    /** URL of a real RabbitMQ; null where none answers and none is installed. */
    rabbitMq: string | null
  }
}

/** Starts, once for the whole run, the real servers that the suites use beside the embedded ones. */
const startServers = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const [embedded, dynamoDbLocal, rabbitMq] = await Promise.all([
    startDynalite(),
    findDynamoDbLocal(),
    findRabbitMq(),
  ])
  provide('dynalite', embedded.url)
  provide('dynamoDbLocal', dynamoDbLocal?.url ?? null)
  provide('rabbitMq', rabbitMq?.url ?? null)
  return async () => {
    await Promise.all([embedded.stop(), dynamoDbLocal?.stop(), rabbitMq?.stop()])
  }
}

const findDynamoDbLocal = async (): Promise<Server | undefined> =>
  (await hasJava17())
    ? startDynamoDbLocal()
    : missing('Java 17, so nothing runs against the official DynamoDB Local')

const findRabbitMq = async (): Promise<Server | undefined> => {
  const url = process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672'
  if (await brokerAnswers(url)) return { url, stop: async () => undefined }
  if (process.env.RABBITMQ_URL !== undefined) throw new Error('No broker answers at RABBITMQ_URL')
  if (!(await isInstalled('rabbitmq-server')))
    return missing('RabbitMQ, so the lanes run on the embedded broker only')
  const server = await startRabbitMqServer()
  return { url: server.url, stop: server.remove }
}

/** In CI every server has to be there; on a developer's machine the embedded parts alone will do. */
const missing = (what: string): undefined => {
  if (process.env.CI) throw new Error(`There is no ${what}`)
  console.warn(`There is no ${what}.`)
  return undefined
}

// biome-ignore lint/style/noDefaultExport: vitest loads a global set-up by its default export.
export default startServers
