import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What is wrong with a store; probabilities are from 0 to 1 and for each request. */
export type StoreTrouble = {
  /** That it is answered ProvisionedThroughputExceededException, and does nothing. */
  readonly throttled: number
  /** That it takes effect and its answer never arrives: the connection is reset. */
  readonly lostAnswers: number
  /** That it is held back, half of them on their way there and half on their way back. */
  readonly slow: number
  /** How long at most. */
  readonly slowMs: number
}

/** How often each has happened. */
export type StoreProxyCounts = { throttled: number; lostAnswers: number; slow: number; requests: number }

export type StoreProxy = {
  /** The given URL, through the proxy. */
  readonly url: string
  /** From the next request on. */
  readonly trouble: (trouble: Partial<StoreTrouble>) => void
  readonly counts: () => Readonly<StoreProxyCounts>
  readonly close: () => Promise<void>
}

const noTrouble: StoreTrouble = { throttled: 0, lostAnswers: 0, slow: 0, slowMs: 0 }

/** A network between the chat and the DynamoDB at this URL, and a DynamoDB that has too much to do. */
export const startStoreProxy = async (
  target: string,
  random: () => number = Math.random,
): Promise<StoreProxy> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  const counts: StoreProxyCounts = { throttled: 0, lostAnswers: 0, slow: 0, requests: 0 }
  let trouble = noTrouble

  const happens = (name: 'throttled' | 'lostAnswers' | 'slow'): boolean => {
    if (random() >= trouble[name]) return false
    counts[name]++
    return true
  }
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(incoming)
    counts.requests++
    if (happens('throttled')) return refuse(response)
    const waitMs = happens('slow') ? random() * trouble.slowMs : 0
    const onTheWayThere = random() < 0.5
    const loseAnswer = happens('lostAnswers')
    // Whoever asked may have given up by then: the request takes effect all the same.
    if (onTheWayThere) await delay(waitMs)
    const answer = await forward(target, agent, incoming, body)
    if (!onTheWayThere) await delay(waitMs)
    if (loseAnswer) response.destroy()
    else response.writeHead(answer.status, answer.headers).end(answer.body)
  }
  const server = createServer((incoming, response) => {
    response.on('error', () => undefined) // whoever asked is gone
    serve(incoming, response).catch(() => response.destroy()) // as a store that is not there
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    trouble: (changes) => {
      trouble = { ...noTrouble, ...changes }
    },
    counts: () => counts,
    close: async () => {
      server.close()
      server.closeAllConnections()
      agent.destroy()
    },
  }
}

const refuse = (response: ServerResponse): void => {
  const body = JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'The level of configured provisioned throughput for the table was exceeded.',
  })
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
}

const forward = async (target: string, agent: Agent, { method, headers }: IncomingMessage, body: Buffer) => {
  const outgoing = request(target, { method, headers, agent })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await readAll(answer) }
}

const readAll = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
