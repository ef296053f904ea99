import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, type JWK, type KeyObject } from 'jose'

type Answer = { readonly status: number; readonly body: string } | 'nothing'

export type JwksServer = {
  readonly issuer: string
  /** Paths that were asked for. */
  readonly requests: readonly string[]
  /** What it answers from now on; `nothing` leaves the client waiting. */
  readonly answer: (answer: Answer) => void
  readonly stop: () => Promise<void>
}

/** An issuer that publishes its keys; a 404 until it is told what to answer. */
export const startJwksServer = async (): Promise<JwksServer> => {
  const requests: string[] = []
  let current: Answer = { status: 404, body: '' }
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    if (current === 'nothing') return
    response.writeHead(current.status, { 'content-type': 'application/json' }).end(current.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given')
  return {
    issuer: `http://127.0.0.1:${address.port}/tenant`,
    requests,
    answer: (answer) => {
      current = answer
    },
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** A key set as an issuer publishes it, of public keys by key id. */
export const keySet = async (keys: Readonly<Record<string, CryptoKey | KeyObject>>): Promise<Answer> => {
  const published: JWK[] = await Promise.all(
    Object.entries(keys).map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid, use: 'sig' })),
  )
  return { status: 200, body: JSON.stringify({ keys: published }) }
}
