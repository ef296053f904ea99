import { pause } from '../../../core/primitives/timing.ts'
import { openJournal } from '../journal.ts'
import { makeRandom } from '../random.ts'
import { roomsOf, type SoakRoom, soakRooms } from '../rooms.ts'
import type { CrowdConfig, CrowdStatus, FromCrowd, ToCrowd } from './crowd-messages.ts'
import { type Historian, startHistorian } from './historian.ts'
import { connectMember, type Member } from './member.ts'
import { type Stoppable, startReader } from './reader.ts'
import { startVisitor } from './visitor.ts'
import { startWriter, type Writer } from './writer.ts'

// A crowd of clients as a process: its configuration is its argument, and its parent says when to begin and when to fall silent.

const config: CrowdConfig = JSON.parse(process.argv[2] ?? '')
const { name, url, pauseMs } = config
const random = makeRandom(config.seed)
const journal = openJournal(config.journalFile)
const members: Member[] = []
const writers: (Writer | Historian)[] = []
const hushed = new AbortController()

const enter = async (number: number): Promise<Member> => {
  const member = await connectMember(url, `client-${number}`, journal)
  members.push(member)
  await Promise.all(roomsOf(number).map(({ roomId }) => member.join(roomId)))
  return member
}
const write = (member: Member, number: number): void => {
  if (hushed.signal.aborted) return
  for (const { roomId, kind } of roomsOf(number)) {
    // Whoever pages back reads all of a room with a history: it should not grow too long.
    const pauseIn = kind === 'open' ? pauseMs : 4 * pauseMs
    writers.push(startWriter({ member, roomId, journal, random, pauseMs: pauseIn }))
  }
}
const comeLate = async (number: number): Promise<void> => {
  await pause(config.lateMs, hushed.signal)
  write(await enter(number), number)
}
let isHushed = false
const status = (): CrowdStatus => ({
  hushed: isHushed,
  unsettled: writers.flatMap(({ unsettled }) => unsettled()),
  positions: Object.fromEntries(members.map(({ client, positions }) => [client, positions()])),
})
const say = (message: FromCrowd): Promise<void> =>
  new Promise((resolve) => void process.send?.(message, () => resolve()))

const end = async (): Promise<void> => {
  for (const clientMessageId of status().unsettled) {
    const [client = '', roomId = ''] = clientMessageId.split('.')
    journal.write({ client, roomId, kind: 'unsettled', clientMessageId })
  }
  await journal.close()
  await say({ kind: 'ended' })
  process.exit(0)
}

const [visitor, late, ...others] = config.members
const started = await Promise.all(others.map(async (number) => [number, await enter(number)] as const))
const visiting = visitor === undefined ? undefined : ([visitor, await enter(visitor)] as const)
const readers: Stoppable[] = []
let coming: Promise<void> | undefined

const idsOf = (rooms: readonly SoakRoom[]) => rooms.map(({ roomId }) => roomId)
const isExpiring = ({ kind }: SoakRoom) => kind !== 'open'

const begin = async (): Promise<void> => {
  for (const [number, member] of started) write(member, number)
  const historianRooms = idsOf(soakRooms.filter(isExpiring))
  writers.push(startHistorian({ url, client: `historian-${name}`, rooms: historianRooms, journal, random }))
  for (const [number, member] of started.slice(0, 2)) {
    const rooms = idsOf(roomsOf(number).filter(isExpiring))
    readers.push(startReader({ member, rooms, journal, random }))
  }
  if (visiting) {
    const [number, member] = visiting
    readers.push(startVisitor({ member, rooms: idsOf(roomsOf(number)), random }))
  }
  if (late !== undefined) coming = comeLate(late)
}
const hush = async (): Promise<void> => {
  hushed.abort()
  // All at once: whoever cannot come to its end must not keep the others writing.
  await Promise.all([coming, ...[...writers, ...readers].map(({ stop }) => stop())])
  isHushed = true
}
const tell = {
  begin,
  hush,
  status: () => say({ kind: 'status', ...status() }),
  end,
}
process.on('message', ({ kind }: ToCrowd) => {
  tell[kind]().catch((error) => {
    console.error(error)
    process.exit(70)
  })
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0))
await say({ kind: 'ready' })
