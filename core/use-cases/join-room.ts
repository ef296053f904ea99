import { ChatError } from '../../protocol/chat-error.ts'
import type { Cursor, FrameOf } from '../../protocol/client-frames.ts'
import { jsonBytes, type Limits } from '../../protocol/limits.ts'
import type { JoinedFrame } from '../../protocol/server-frames.ts'
import { isSystemRoom, requireEntry } from '../domain/access.ts'
import { messageOf } from '../domain/entry.ts'
import type { Caller } from '../domain/identity.ts'
import { takeThatFit } from '../domain/message-pages.ts'
import { memberOf } from '../membership.ts'
import type { Clock, MessageLog, Page, PageRequest, RoomDirectory } from '../ports.ts'

type Deps = {
  readonly directory: RoomDirectory
  readonly log: MessageLog
  readonly clock: Clock
  readonly limits: Limits
}

/**
 * Makes a connection a member and returns everything after `since`, or the newest messages.
 *
 * @throws ChatError `forbidden` for a room that the token does not allow, or for too many rooms
 */
export const makeJoinRoom =
  ({ directory, log, clock, limits }: Deps) =>
  async (caller: Caller, frame: FrameOf<'joinRoom'>): Promise<JoinedFrame> => {
    requireEntry(caller.identity, frame.roomId)
    await requireFewRooms(directory, caller, frame.roomId, limits.roomsPerConnection)
    // PROTOCOL: promise 2. The row is written before the log is read. A message that the read does not see is delivered to
    // this row.
    if (!(await directory.join(memberOf(caller, frame.roomId, clock())))) {
      throw new ChatError('forbidden', 'This connection has been closed. Connect again.')
    }
    const page = await readSince(log, frame.since, {
      roomId: frame.roomId,
      limit: frame.limit ?? limits.historyPage,
      maxBytes: limits.serverFrameBytes,
    })
    return joinedFrame(frame, page, limits.serverFrameBytes)
  }

type SincePage = Page & { readonly recovered: boolean; readonly newest: boolean }

const readSince = async (
  log: MessageLog,
  since: Cursor | undefined,
  request: PageRequest,
): Promise<SincePage> => {
  if (since === undefined) return { ...(await log.read(request)), recovered: true, newest: true }
  const page = await log.read({
    ...request,
    ...(since.epoch !== null && { epoch: since.epoch }),
    after: since.seq,
  })
  return reaches(page, since)
    ? { ...page, recovered: true, newest: false }
    : { ...(await log.read(request)), recovered: false, newest: true }
}

/** Tells whether the page follows the cursor without a gap. PROTOCOL: promise 4 */
const reaches = ({ epoch, seq, floor }: Page, since: Cursor): boolean =>
  (since.epoch === null ? since.seq === 0 : since.epoch === epoch) &&
  since.seq <= seq &&
  floor <= since.seq + 1

const joinedFrame = (
  { id, roomId }: FrameOf<'joinRoom'>,
  page: SincePage,
  maxFrameBytes: number,
): JoinedFrame => {
  const { epoch, seq, floor, recovered } = page
  const frame: JoinedFrame = {
    type: 'joined',
    ...(id !== undefined && { id }),
    roomId,
    epoch,
    seq,
    floor,
    messages: [],
    recovered,
    more: page.more,
  }
  const messages = page.entries.map(messageOf)
  const taken = takeThatFit(messages, maxFrameBytes - jsonBytes(frame), page.newest ? 'last' : 'first')
  return { ...frame, messages: taken, more: page.more || taken.length < messages.length }
}

/** Checks the number of rooms by an index that may lag: concurrent joins may exceed the limit slightly. */
const requireFewRooms = async (
  directory: RoomDirectory,
  { identity, connectionId }: Caller,
  roomId: string,
  most: number,
): Promise<void> => {
  const rooms = await directory.roomsOf(identity.userId, connectionId)
  const others = rooms.filter((room) => room !== roomId && !isSystemRoom(room))
  if (others.length >= most) {
    throw new ChatError(
      'forbidden',
      `This connection is in ${others.length} rooms; at most ${most} are allowed. Leave one first.`,
    )
  }
}
