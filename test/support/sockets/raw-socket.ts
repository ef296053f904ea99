import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'

/** WebSocket's frames as RFC 6455 lays them out, so that a test may break each of their rules. */
export type WireFrame = {
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong; the others are reserved. */
  readonly opcode: number
  readonly payload: Buffer
  /** Default: true, nothing of the message follows. */
  readonly isFinal?: boolean
  /** The three reserved bits, 0 to 7. Default: 0. */
  readonly reserved?: number
  /** A client has to. Default: true. */
  readonly isMasked?: boolean
  /** The length that is claimed. Default: the payload's. */
  readonly length?: bigint
}

export type RawSocket = {
  readonly write: (bytes: Buffer) => void
  /** Text messages, in the order they came. */
  readonly texts: readonly string[]
  /** Payloads of pongs. */
  readonly pongs: readonly string[]
  /** The code of the server's close frame; null where there was none, 1005 where it named none. Resolves when the socket is gone. */
  readonly closed: Promise<number | null>
  readonly isClosed: () => boolean
  /** Half of a closing handshake: the close frame with this payload. */
  readonly destroy: () => void
}

/** Opens a WebSocket by hand. @throws Error if the upgrade is refused */
export const openRawSocket = async (url: string): Promise<RawSocket> => {
  const upgrade = request(url.replace(/^ws/, 'http'), {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    },
  })
  upgrade.end()
  const [response, socket, head] = await Promise.race([
    once(upgrade, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>,
    once(upgrade, 'response').then(([refused]) =>
      Promise.reject(new Error(`Refused: ${refused.statusCode}`)),
    ),
  ])
  if (response.statusCode !== 101) throw new Error(`Upgraded with ${response.statusCode}`)
  return attach(socket, head)
}

const attach = (socket: Socket, head: Buffer): RawSocket => {
  const texts: string[] = []
  const pongs: string[] = []
  const gone = Promise.withResolvers<number | null>()
  let code: number | null = null
  let isClosed = false

  const take = ({ opcode, payload }: { opcode: number; payload: Buffer }) => {
    if (opcode === 1) texts.push(payload.toString())
    if (opcode === 9 && socket.writable) socket.write(encodeFrame({ opcode: 10, payload }))
    if (opcode === 10) pongs.push(payload.toString('latin1'))
    if (opcode !== 8) return
    code = payload.byteLength >= 2 ? payload.readUInt16BE() : 1005
    // Answered, or the server would wait for it until its patience ends.
    if (socket.writable) socket.end(encodeFrame({ opcode: 8, payload: payload.subarray(0, 2) }))
  }
  const read = makeReader(take)
  socket.setNoDelay(true)
  socket.on('data', read)
  socket.on('error', () => undefined) // a reset is one of the ends that are to be expected
  socket.on('close', () => {
    isClosed = true
    gone.resolve(code)
  })
  read(head)
  return {
    write: (bytes) => {
      if (socket.writable) socket.write(bytes)
    },
    texts,
    pongs,
    closed: gone.promise,
    isClosed: () => isClosed,
    destroy: () => socket.destroy(),
  }
}

export const encodeFrame = ({
  opcode,
  payload,
  isFinal = true,
  reserved = 0,
  isMasked = true,
  length = BigInt(payload.byteLength),
}: WireFrame): Buffer => {
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  const maskBit = isMasked ? 0x80 : 0
  const head =
    length < 126n
      ? Buffer.from([first, maskBit | Number(length)])
      : length < 65_536n
        ? Buffer.from([first, maskBit | 126, Number(length >> 8n), Number(length & 255n)])
        : Buffer.concat([Buffer.from([first, maskBit | 127]), bytesOf(length)])
  return isMasked ? Buffer.concat([head, mask, masked(payload)]) : Buffer.concat([head, payload])
}

const mask = Buffer.from([0x12, 0xab, 0x34, 0xcd])
const masked = (payload: Buffer): Buffer => {
  const bytes = Buffer.from(payload)
  for (let index = 0; index < bytes.byteLength; index++) {
    bytes[index] = (bytes[index] ?? 0) ^ (mask[index % 4] ?? 0)
  }
  return bytes
}

const bytesOf = (length: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(length)
  return bytes
}

/** Cuts what arrives into frames. The server's are neither masked nor in parts. */
const makeReader = (take: (frame: { opcode: number; payload: Buffer }) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer): void => {
    rest = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const head = headOf(rest)
      if (!head || rest.byteLength < head.bytes + head.length) return
      const end = head.bytes + head.length
      take({ opcode: (rest[0] ?? 0) & 0x0f, payload: rest.subarray(head.bytes, end) })
      rest = rest.subarray(end)
    }
  }
}

const headOf = (bytes: Buffer): { readonly bytes: number; readonly length: number } | undefined => {
  if (bytes.byteLength < 2) return undefined
  const short = (bytes[1] ?? 0) & 0x7f
  if (short < 126) return { bytes: 2, length: short }
  if (bytes.byteLength < 10) return short === 126 && bytes.byteLength >= 4 ? mediumHead(bytes) : undefined
  return short === 126 ? mediumHead(bytes) : { bytes: 10, length: Number(bytes.readBigUInt64BE(2)) }
}

const mediumHead = (bytes: Buffer) => ({ bytes: 4, length: bytes.readUInt16BE(2) })
