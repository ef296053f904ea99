import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

type Answer =
  | { readonly status: number; readonly body: string }
  | 'nothing'
  | 'head only'
  | 'hang up'
  | 'when told'

type Request = {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly authorization: string | undefined
}

/** Stands in for the @connections API: notes what comes and answers as it is told, 200 at first. */
export type ConnectionsServer = {
  readonly endpoint: string
  readonly requests: readonly Request[]
  readonly answer: (answer: Answer) => void
  /** Resolves once this many requests are waiting for `answerOldest`. */
  readonly underWay: (count: number) => Promise<void>
  readonly inFlight: () => number
  /** The most requests that were ever waiting at a time. */
  readonly mostAtOnce: () => number
  readonly answerOldest: () => void
  /** How many sockets were ever accepted. */
  readonly sockets: () => number
  readonly stop: () => Promise<void>
  /** Listens again on the same port. */
  readonly start: () => Promise<void>
}

export const startConnectionsServer = async (): Promise<ConnectionsServer> => {
  const requests: Request[] = []
  const waiting: ServerResponse[] = []
  let current: Answer = { status: 200, body: '' }
  let mostAtOnce = 0
  let sockets = 0
  let port = 0
  let server: Server | undefined
  let onChange: () => void = () => undefined

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '', headers } = request
    requests.push({ method, path, body: await bodyOf(request), authorization: headers.authorization })
    if (current === 'hang up') request.socket.destroy()
    else if (current === 'head only') response.writeHead(200, { 'content-length': 10 }).write('{')
    else if (current === 'when told') {
      waiting.push(response)
      mostAtOnce = Math.max(mostAtOnce, waiting.length)
      onChange()
    } else if (current !== 'nothing') response.writeHead(current.status).end(current.body)
  }
  const start = async () => {
    server = createServer(handle).on('connection', () => sockets++)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('No port was given')
    port = address.port
  }
  await start()

  return {
    endpoint: `http://127.0.0.1:${port}/prod`,
    requests,
    answer: (answer) => {
      current = answer
    },
    underWay: async (count) => {
      while (waiting.length < count) {
        await new Promise<void>((resolve) => {
          onChange = resolve
        })
      }
    },
    inFlight: () => waiting.length,
    mostAtOnce: () => mostAtOnce,
    answerOldest: () => waiting.shift()?.end(),
    sockets: () => sockets,
    start,
    stop: async () => {
      if (!server?.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
