import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** A refused upgrade: status and JSON body of the HTTP response. */
export type Refusal = { readonly status: number; readonly body: string }

/** Creates a refusal in the form of API Gateway, with the ids of the connection and request. */
export const refusal = (status: number, message: string, ids: object = {}): Refusal => ({
  status,
  body: JSON.stringify({ message, ...ids }),
})

/** Answers an upgrade request with a refusal and ends its socket. */
export const refuse = (socket: Duplex, { status, body }: Refusal): void => {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
