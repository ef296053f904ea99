import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { eventually } from '../eventually.ts'

/** A raw WebSocket client that remembers what it received. */
export type RawClient = {
  readonly ws: WebSocket
  /** Text frames, in the order they came. */
  readonly received: readonly string[]
  readonly send: (frame: unknown) => void
  /** The next frame that nobody has taken, as JSON. */
  readonly next: () => Promise<unknown>
  /** Resolves when the socket is closed, however. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

export type Refused = { readonly status: number | undefined; readonly body: string }

type Options = ClientOptions & { readonly protocols?: string[] }

/** Opens a connection; it is cut when the test ends. */
export const connectTo = async (url: string, { protocols = [], ...options }: Options = {}) => {
  const client = attach(new WebSocket(url.replace(/^http/, 'ws'), protocols, options))
  await once(client.ws, 'open')
  return client
}

/** Opens a connection that has to be refused. */
export const refusalOf = async (
  url: string,
  { protocols = [], ...options }: Options = {},
): Promise<Refused> => {
  const ws = new WebSocket(url.replace(/^http/, 'ws'), protocols, options)
  ws.on('error', () => undefined) // a refusal that was read to its end is an error to the library
  const refused = Promise.withResolvers<Refused>()
  ws.on('open', () => refused.reject(new Error('The connection was accepted')))
  ws.on('unexpected-response', async (_, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    refused.resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() })
  })
  onTestFinished(() => ws.terminate())
  return refused.promise
}

const attach = (ws: WebSocket): RawClient => {
  const received: string[] = []
  let taken = 0
  const closing = Promise.withResolvers<{ code: number; reason: string }>()
  ws.on('message', (data) => received.push(data.toString()))
  ws.on('error', () => undefined) // what became of it is in `closed`
  ws.on('close', (code, reason) => closing.resolve({ code, reason: reason.toString() }))
  onTestFinished(() => ws.terminate())
  return {
    ws,
    received,
    send: (frame) => ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next: async () => {
      await eventually(() => received.length > taken, 'a frame')
      return JSON.parse(received[taken++] ?? '')
    },
    closed: closing.promise,
  }
}
