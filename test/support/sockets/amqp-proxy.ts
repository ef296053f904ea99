import { startTcpProxy, type Tap, type TcpProxy } from './tcp-proxy.ts'

/**
 * - `publish`: a client hands a message to the broker
 * - `confirm`: the broker says that it has stored a message
 * - `delivery`: the broker hands a message to a consumer
 */
export type AmqpMethod = 'publish' | 'confirm' | 'delivery'

export type AmqpProxy = TcpProxy & {
  /**
   * Resolves once the next method of this kind has come by, on whichever connection.
   *
   * @param fate `pass`: it has been passed on. `lose`: neither it nor anything that comes after it on its connection
   * is, either way
   * @param signal aborts the wait: the promise rejects, and nothing is lost from then on
   */
  readonly next: (method: AmqpMethod, fate: 'pass' | 'lose', signal?: AbortSignal) => Promise<void>
}

/** A network between a client and the broker at this URL that knows AMQP 0-9-1, so that it can be broken at one method. */
export const startAmqpProxy = async (target: string): Promise<AmqpProxy> => {
  const waits = new Set<Wait>()
  const proxy = await startTcpProxy(target, { tap: () => makeTap(waits) })
  return {
    ...proxy,
    next: (method, fate, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const wait: Wait = {
          method,
          fate,
          happened: () => {
            waits.delete(wait)
            // Not before what is passed on has been written.
            setImmediate(resolve)
          },
        }
        waits.add(wait)
        signal?.addEventListener('abort', () => {
          waits.delete(wait)
          reject(signal.reason)
        })
      }),
  }
}

type Wait = {
  readonly method: AmqpMethod
  readonly fate: 'pass' | 'lose'
  readonly happened: () => void
}

/** Class and method of what can be waited for (AMQP 0-9-1, section 1.8), by who sends it. */
const sentByClient: readonly Known[] = [['publish', 60, 40]]
const sentByServer: readonly Known[] = [
  ['confirm', 60, 80],
  ['delivery', 60, 60],
]
type Known = readonly [AmqpMethod, classId: number, methodId: number]

const makeTap = (waits: ReadonlySet<Wait>): Tap => {
  let lost = false
  const makePass = (known: readonly Known[], headerBytes: number) => {
    const split = makeSplitter(headerBytes)
    return (chunk: Buffer): Buffer => {
      const passed: Buffer[] = []
      for (const frame of split(chunk)) {
        const method = methodOf(frame, known)
        const wait = [...waits].find((candidate) => candidate.method === method)
        lost ||= wait?.fate === 'lose'
        wait?.happened()
        if (!lost) passed.push(frame)
      }
      return Buffer.concat(passed)
    }
  }
  return {
    fromClient: makePass(sentByClient, protocolHeaderBytes),
    fromServer: makePass(sentByServer, 0),
  }
}

/** A client begins with `AMQP0091`, which is no frame. */
const protocolHeaderBytes = 8
/** Type, channel and size before the payload; one byte after it. */
const frameHeaderBytes = 7
const frameEndBytes = 1
const methodFrame = 1

/** Cuts a stream into frames, each given out when it is complete. */
const makeSplitter = (headerBytes: number) => {
  let rest = Buffer.alloc(0)
  let due = headerBytes
  const sizeOfNext = () => {
    if (due > 0) return due
    if (rest.length < frameHeaderBytes) return Number.POSITIVE_INFINITY
    return frameHeaderBytes + rest.readUInt32BE(3) + frameEndBytes
  }
  return (chunk: Buffer): readonly Buffer[] => {
    const frames: Buffer[] = []
    rest = Buffer.concat([rest, chunk])
    for (let size = sizeOfNext(); size <= rest.length; size = sizeOfNext()) {
      frames.push(rest.subarray(0, size))
      rest = rest.subarray(size)
      due = 0
    }
    return frames
  }
}

const methodOf = (frame: Buffer, known: readonly Known[]): AmqpMethod | undefined => {
  if (frame[0] !== methodFrame || frame.length < frameHeaderBytes + 4) return undefined
  const [classId, methodId] = [frame.readUInt16BE(frameHeaderBytes), frame.readUInt16BE(frameHeaderBytes + 2)]
  return known.find(([, ofClass, ofMethod]) => ofClass === classId && ofMethod === methodId)?.[0]
}
