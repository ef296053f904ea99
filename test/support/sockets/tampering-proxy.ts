import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type RawData, WebSocket, WebSocketServer } from 'ws'

type Frame = Readonly<Record<string, unknown>>

/** What becomes of a frame on its way; undefined: it is lost. Connections are numbered from 1. */
type Tamper = (frame: Frame, connection: number) => Frame | undefined

type Options = { readonly toServer?: Tamper; readonly toClient?: Tamper }

const asItIs: Tamper = (frame) => frame

/** A server that breaks its promises: the one at this URL, with frames lost or changed. It ends with the test. */
export const startTamperingProxy = async (
  target: string,
  { toServer = asItIs, toClient = asItIs }: Options,
): Promise<string> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  let connections = 0
  server.on('connection', (client, request) => {
    const number = ++connections
    const upstream = new WebSocket(`${target.replace(/^http/, 'ws')}${request.url}`, ['simple-chat.v1'])
    const opened = once(upstream, 'open')
    client.on('message', async (data) => {
      await opened
      pass(upstream, toServer(frameIn(data), number))
    })
    upstream.on('message', (data) => pass(client, toClient(frameIn(data), number)))
    client.on('close', () => upstream.terminate())
    upstream.on('close', () => client.terminate())
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const frameIn = (data: RawData): Frame => JSON.parse(String(data))

const pass = (socket: WebSocket, frame: Frame | undefined): void => {
  if (frame !== undefined) socket.send(JSON.stringify(frame))
}
