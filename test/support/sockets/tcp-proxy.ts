import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type TcpProxy = {
  /** The given URL, through the proxy. */
  readonly url: string
  /** Resets every connection, and each new one too. */
  readonly cut: () => void
  /** Carries nothing any more, either way, and keeps everybody waiting; takes new connections. */
  readonly blackHole: () => void
  /** The same, once it has carried about so many more bytes from the server. */
  readonly blackHoleAfter: (bytes: number) => void
  /**
   * Drops all that goes through the connections that are open, either way, and tells nobody that anything ended, as a
   * firewall does that has forgotten them; new ones are carried.
   */
  readonly strand: () => void
  /** Carries again, also what was held back; what is stranded stays so. */
  readonly restore: () => void
  /** How many connections were taken so far. */
  readonly accepted: () => number
  /** How many of them the server has not ended. */
  readonly openAtServer: () => number
  readonly close: () => Promise<void>
}

/** Looks at what one connection carries, and says what of it goes on. */
export type Tap = {
  readonly fromClient: (chunk: Buffer) => Buffer
  readonly fromServer: (chunk: Buffer) => Buffer
}

type Options = {
  /** A tap for each new connection. Default: everything goes on. */
  readonly tap?: () => Tap
}

type Mode = 'carry' | 'cut' | 'black hole'

/** @param target where a new connection goes; a function is asked at each, and its first answer names the URL's path */
export const startTcpProxy = async (
  target: string | (() => string),
  { tap = () => openTap }: Options = {},
): Promise<TcpProxy> => {
  const next = typeof target === 'string' ? () => target : target
  const sockets = new Set<Socket>()
  const stranded = new Set<Socket>()
  let openAtServer = 0
  let mode: Mode = 'carry'
  let accepted = 0
  let bytesLeft = Number.POSITIVE_INFINITY

  const blackHole = () => {
    mode = 'black hole'
    for (const socket of sockets) socket.pause()
  }
  const adopt = (socket: Socket, peer: Socket, pass: (chunk: Buffer) => Buffer) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      if (!stranded.has(socket)) peer.write(pass(chunk))
    })
    socket.on('error', () => undefined) // a reset is what this is here to cause; 'close' follows
    socket.on('close', () => {
      sockets.delete(socket)
      if (!stranded.has(socket)) peer.destroy()
    })
    if (mode === 'black hole') socket.pause()
  }
  const server = createServer((client) => {
    accepted++
    if (mode === 'cut') {
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    const { hostname, port } = new URL(next())
    const upstream = connect(Number(port), hostname)
    openAtServer++
    upstream.on('close', () => {
      openAtServer--
    })
    upstream.on('data', ({ byteLength }) => {
      bytesLeft -= byteLength
      if (bytesLeft <= 0) blackHole()
    })
    const { fromClient, fromServer } = tap()
    adopt(client, upstream, fromClient)
    adopt(upstream, client, fromServer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
  const url = new URL(next())
  url.hostname = '127.0.0.1'
  url.port = String(address.port)

  const cut = () => {
    mode = 'cut'
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    url: url.href,
    cut,
    strand: () => {
      for (const socket of sockets) stranded.add(socket)
    },
    blackHole,
    blackHoleAfter: (bytes) => {
      bytesLeft = bytes
    },
    restore: () => {
      mode = 'carry'
      bytesLeft = Number.POSITIVE_INFINITY
      for (const socket of sockets) socket.resume()
    },
    accepted: () => accepted,
    openAtServer: () => openAtServer,
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

const openTap: Tap = { fromClient: (chunk) => chunk, fromServer: (chunk) => chunk }
