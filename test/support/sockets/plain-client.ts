import * as v from 'valibot'
import { type ChatMessage, type ServerFrame, ServerFrameSchema } from '../../../protocol/server-frames.ts'
import { eventually } from '../eventually.ts'
import { connectTo } from '../gateway/gateway-client.ts'

type ConnectOptions = Parameters<typeof connectTo>[1]

/** A client that speaks plain `ws`, without the SDK, and checks every frame that it receives against the contract. */
export const connectPlain = async (url: string, options?: ConnectOptions) => {
  const raw = await connectTo(url, options)
  const frames: ServerFrame[] = []
  const problems: string[] = []
  const messages = new Map<string, ChatMessage[]>()
  const replies = new Map<string, (frame: ServerFrame) => void>()
  let lastId = 0

  /** What was pushed of a room, in the order it came. */
  const pushed = (roomId: string): ChatMessage[] => {
    const known = messages.get(roomId) ?? []
    messages.set(roomId, known)
    return known
  }

  raw.ws.on('message', (data) => {
    const parsed = v.safeParse(ServerFrameSchema, JSON.parse(data.toString()))
    if (!parsed.success) {
      problems.push(`${data.toString().slice(0, 200)}: ${parsed.issues[0].message}`)
      return
    }
    frames.push(parsed.output)
    if (parsed.output.type === 'messages') pushed(parsed.output.roomId).push(...parsed.output.messages)
    if ('id' in parsed.output && parsed.output.id !== undefined)
      replies.get(parsed.output.id)?.(parsed.output)
  })

  /** Sends a frame with an id of its own, and resolves with the reply that bears it. */
  const request = (frame: object, withinMs = 20_000): Promise<ServerFrame> => {
    const id = String(++lastId)
    const { promise, resolve, reject } = Promise.withResolvers<ServerFrame>()
    const timer = setTimeout(
      () => reject(new Error(`No reply to ${JSON.stringify(frame).slice(0, 100)}`)),
      withinMs,
    )
    replies.set(id, (reply) => {
      clearTimeout(timer)
      replies.delete(id)
      resolve(reply)
    })
    raw.send({ ...frame, id })
    return promise
  }
  return {
    ...raw,
    frames,
    problems,
    request,
    pushed,
    /** Until so many different messages were pushed: delivery is at least once. */
    untilPushed: (roomId: string, count: number, withinMs = 20_000) =>
      eventually(
        () => pushed(roomId).length >= count && new Set(pushed(roomId).map(({ seq }) => seq)).size >= count,
        `${count} messages in ${roomId}`,
        withinMs,
      ),
    untilFrame: (type: ServerFrame['type']) =>
      eventually(() => frames.some((frame) => frame.type === type), `a ${type} frame`),
  }
}

export type PlainClient = Awaited<ReturnType<typeof connectPlain>>
