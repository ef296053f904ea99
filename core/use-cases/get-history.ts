import { ChatError } from '../../protocol/chat-error.ts'
import type { FrameOf } from '../../protocol/client-frames.ts'
import { jsonBytes, type Limits } from '../../protocol/limits.ts'
import type { HistoryFrame } from '../../protocol/server-frames.ts'
import { messageOf } from '../domain/entry.ts'
import type { Caller } from '../domain/identity.ts'
import { takeThatFit } from '../domain/message-pages.ts'
import { requireMember } from '../membership.ts'
import type { MessageLog, RoomDirectory } from '../ports.ts'

type Deps = { readonly directory: RoomDirectory; readonly log: MessageLog; readonly limits: Limits }

/**
 * Reads a page of a room's history: after a seq, before a seq, or the newest messages.
 *
 * @throws ChatError `not_a_member`; `stale_cursor` if the epoch is not the room's current one
 */
export const makeGetHistory =
  ({ directory, log, limits }: Deps) =>
  async ({ connectionId }: Caller, frame: FrameOf<'getHistory'>): Promise<HistoryFrame> => {
    const { id, roomId, epoch, after, before } = frame
    await requireMember(directory, roomId, connectionId)
    const page = await log.read({
      roomId,
      ...(after !== undefined && { after }),
      ...(before !== undefined && { before }),
      limit: frame.limit ?? limits.historyPage,
      maxBytes: limits.serverFrameBytes,
    })
    if (epoch !== undefined && epoch !== page.epoch) {
      throw new ChatError(
        'stale_cursor',
        `The room ${roomId} has begun a new epoch. Ask without "epoch", or join again.`,
      )
    }
    const history: HistoryFrame = {
      type: 'history',
      ...(id !== undefined && { id }),
      roomId,
      epoch: page.epoch,
      floor: page.floor,
      messages: [],
      more: page.more,
    }
    const messages = page.entries.map(messageOf)
    const bytesLeft = limits.serverFrameBytes - jsonBytes(history)
    const taken = takeThatFit(messages, bytesLeft, after === undefined ? 'last' : 'first')
    return { ...history, messages: taken, more: page.more || taken.length < messages.length }
  }
