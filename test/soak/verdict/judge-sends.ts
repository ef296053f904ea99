import type { AckedLine, JournalLine } from '../journal-lines.ts'
import type { Finding } from './finding.ts'
import type { RoomLog } from './room-log.ts'

/** What one client was told of its messages in one room. */
export const judgeSends = (lines: readonly JournalLine[], log: RoomLog): readonly Finding[] => {
  const acks = lines.filter((line) => line.kind === 'acked')
  const [first] = acks
  if (first === undefined) return lines.flatMap(wrong)
  const { client, roomId } = first
  const acked = new Set(acks.map(({ clientMessageId }) => clientMessageId)).size
  return [
    { client, roomId, counts: { acked } },
    ...acks.filter((ack) => !isStored(ack, log)).map(lost),
    ...outOfTurn(acks, log),
    ...lines.flatMap(wrong),
  ]
}

const isStored = ({ epoch, seq, messageId, clientMessageId, client }: AckedLine, log: RoomLog): boolean => {
  const entry = log.at(epoch, seq)
  return (
    entry?.messageId === messageId && entry.clientMessageId === clientMessageId && entry.userId === client
  )
}

const lost = ({ client, roomId, epoch, seq, clientMessageId }: AckedLine): Finding => ({
  client,
  roomId,
  counts: { lost: 1 },
  problem: `${roomId}: ${clientMessageId} was acknowledged as seq ${seq} of ${epoch}, and is not stored there`,
})

/** Messages of one client in one room are stored in the order of its sends. */
const outOfTurn = (acks: readonly AckedLine[], log: RoomLog): readonly Finding[] => {
  const inTurn = acks.toSorted((a, b) => numberOf(a) - numberOf(b))
  return inTurn.flatMap((ack, index) => {
    const before = inTurn[index - 1]
    if (before === undefined || before.clientMessageId === ack.clientMessageId) return []
    const [earlier, later] = [log.at(before.epoch, before.seq), log.at(ack.epoch, ack.seq)]
    if (!earlier || !later || earlier.position < later.position) return []
    const problem = `${ack.roomId}: ${ack.clientMessageId} (seq ${ack.seq}) is stored before ${before.clientMessageId} (seq ${before.seq}), which was sent first`
    return [{ client: ack.client, roomId: ack.roomId, counts: { outOfOrder: 1 }, problem }]
  })
}

const numberOf = ({ clientMessageId }: AckedLine): number => Number(clientMessageId.split('.').at(-1))

const wrong = (line: JournalLine): readonly Finding[] =>
  line.kind === 'wrong'
    ? [{ client: line.client, roomId: line.roomId, problem: `${line.roomId}: ${line.client}: ${line.what}` }]
    : []
