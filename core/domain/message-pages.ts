import { jsonBytes } from '../../protocol/limits.ts'
import type { ChatMessage, MessagesFrame } from '../../protocol/server-frames.ts'

/** Returns as many messages as fit into `maxBytes`, from the first or to the last; at least one. */
export const takeThatFit = (
  messages: readonly ChatMessage[],
  maxBytes: number,
  from: 'first' | 'last',
): ChatMessage[] => {
  const ordered = from === 'first' ? messages : messages.toReversed()
  let bytes = 0
  const cut = ordered.findIndex((message, index) => {
    bytes += jsonBytes(message) + 1
    return index > 0 && bytes > maxBytes
  })
  const taken = cut === -1 ? ordered : ordered.slice(0, cut)
  return from === 'first' ? [...taken] : taken.toReversed()
}

/** Distributes messages over as few `messages` frames as possible, in order, each within the limit of server frames. */
export const messagesFrames = (
  roomId: string,
  epoch: string,
  messages: readonly ChatMessage[],
  maxFrameBytes: number,
): MessagesFrame[] => {
  const envelope: MessagesFrame = { type: 'messages', roomId, epoch, messages: [] }
  const room = maxFrameBytes - jsonBytes(envelope)
  const frames: MessagesFrame[] = []
  let rest = messages
  while (rest.length > 0) {
    const taken = takeThatFit(rest, room, 'first')
    frames.push({ ...envelope, messages: taken })
    rest = rest.slice(taken.length)
  }
  return frames
}
