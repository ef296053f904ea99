import type { FrameOf } from '../../protocol/client-frames.ts'
import type { AckFrame } from '../../protocol/server-frames.ts'
import { requireNoSystemRoom } from '../domain/access.ts'
import type { Draft } from '../domain/entry.ts'
import type { Caller, Identity } from '../domain/identity.ts'
import { requireMember } from '../membership.ts'
import type {
  Clock,
  IdSource,
  MessageLog,
  Moderator,
  RoomDirectory,
  RoomPublisher,
  Telemetry,
} from '../ports.ts'

type Deps = {
  readonly directory: RoomDirectory
  readonly moderate: Moderator
  readonly log: MessageLog
  readonly publisher: RoomPublisher
  readonly clock: Clock
  readonly newId: IdSource
  readonly telemetry: Telemetry
}

/**
 * Stores a message and publishes it to the room's lane. The acknowledgement means that both are done.
 *
 * @throws ChatError `forbidden`, `not_a_member`, `rejected` or `stale_cursor`; `unavailable` if the same frame may be sent
 * again, which stores it once if it has a `clientMessageId`
 */
export const makeSendMessage =
  ({ directory, moderate, log, publisher, clock, newId, telemetry }: Deps) =>
  async (caller: Caller, frame: FrameOf<'sendMessage'>): Promise<AckFrame> => {
    requireNoSystemRoom(frame.roomId)
    // The broker is checked before the append, so that an outage does not fill the log with messages that are never
    // pushed.
    await Promise.all([requireMember(directory, frame.roomId, caller.connectionId), publisher.ready()])
    const sender = senderOf(caller.identity)
    const content = await moderate({ roomId: frame.roomId, sender, content: frame.content })
    const { epoch, entry, duplicate } = await log.append(
      draftOf(frame, { sender, content, messageId: newId(), sentAtMs: clock() }),
    )
    telemetry.count(duplicate ? 'message.duplicate' : 'message.stored')
    // PROTOCOL: promise 2. A duplicate is published as well: the first try may have died between append and publish.
    await publisher.publish({ v: 1, kind: 'messages', roomId: frame.roomId, epoch, entries: [entry] })
    return {
      type: 'ack',
      ...(frame.id !== undefined && { id: frame.id }),
      roomId: frame.roomId,
      epoch,
      seq: entry.seq,
      messageId: entry.messageId,
      sentAt: new Date(entry.sentAtMs).toISOString(),
      ...(duplicate && { duplicate }),
    }
  }

const senderOf = ({ userId, name }: Identity): Draft['sender'] => ({
  userId,
  ...(name !== undefined && { name }),
})

const draftOf = (
  { roomId, clientMessageId, since, attributes }: FrameOf<'sendMessage'>,
  rest: Pick<Draft, 'sender' | 'content' | 'messageId' | 'sentAtMs'>,
): Draft => ({
  roomId,
  kind: 'text',
  ...(clientMessageId !== undefined && { clientMessageId }),
  ...(since !== undefined && { since }),
  ...(attributes !== undefined && { attributes }),
  ...rest,
})
