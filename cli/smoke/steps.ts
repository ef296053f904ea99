import { makeMessageId } from '../../client/primitives/message-id.ts'
import type { AckFrame, ChatMessage } from '../../protocol/server-frames.ts'
import { percentile, readDown } from './history.ts'
import type { SmokeOptions } from './options.ts'
import type { Participant } from './participant.ts'
import { SmokeError } from './smoke-error.ts'

export type Smoke = SmokeOptions & {
  readonly a: Participant
  readonly b: Participant
  /** Time of sending of each message by `clientMessageId`, by the clock of `performance`. */
  readonly sentAtMs: Map<string, number>
  /** Describes the progress of the step, for a timeout. */
  progress: () => string
}

type Step = {
  readonly name: string
  /** Runs the step; resolves with a summary. @throws SmokeError or ChatClientError if it fails */
  readonly run: (smoke: Smoke) => Promise<string>
}

const connect = async (smoke: Smoke): Promise<string> => {
  const { a, b } = smoke
  smoke.progress = () => {
    const answers = [a, b].flatMap(({ lastAnswer }) => lastAnswer() ?? [])
    const last = answers.length > 0 ? `; it answers ${answers.at(-1)}` : ''
    return `${smoke.url} does not let ${unready([a, b], isOpen)} in${last}`
  }
  const opened = await Promise.all([a, b].map(open))
  const users = opened.map(({ userId }, index) => `${index === 0 ? 'A' : 'B'} is ${userId}`).join(', ')
  const hello = a.wire.hello()
  const maxAgeSeconds = hello?.maxAgeSeconds ?? null
  const age = maxAgeSeconds === null ? 'any age' : `${maxAgeSeconds} s`
  const { contentBytes, historyPageMax } = hello?.limits ?? {}
  return `${users}; at most ${age}, ${contentBytes} bytes of content, pages of ${historyPageMax}`
}

const open = async ({ client, until }: Participant) => {
  // Before connecting, the client can end for one reason only, which `until` reports better.
  const connecting = client.connect()
  connecting.catch(() => undefined)
  await until(() => client.state().status === 'open')
  return connecting
}

const join = async ({ a, b, roomId }: Smoke): Promise<string> => {
  const pages = await Promise.all([a, b].map(({ client }) => client.joinRoom(roomId, { limit: 1 })))
  const last = pages[0]?.messages.at(-1)
  return `both are in ${roomId}, ${last === undefined ? 'which is empty' : `whose last message is ${last.seq}`}`
}

const send = async (smoke: Smoke): Promise<string> => {
  const { a, b, messages } = smoke
  const acknowledged = new Map([a, b].map((sender) => [sender, 0]))
  smoke.progress = () =>
    [a, b].map((sender) => `${sender.name} has ${acknowledged.get(sender)} of ${messages} acks`).join(', ')
  // Each message follows the ack of the previous one: waiting in the queue is not the server's latency.
  const sendAll = async (sender: Participant) => {
    for (let number = 1; number <= messages; number++) {
      await say(smoke, sender, `${sender.name} ${number}`)
      acknowledged.set(sender, number)
    }
  }
  await Promise.all([sendAll(a), sendAll(b)])
  return `${messages} messages of each are acknowledged`
}

const receive = async (smoke: Smoke): Promise<string> => {
  const { a, b, sentAtMs } = smoke
  smoke.progress = () => [a, b].map((participant) => arrivals(smoke, participant)).join(', ')
  await Promise.all([a, b].map((participant) => untilAllArrived(smoke, participant)))
  requireOneOrder(smoke)
  return `both have all ${sentAtMs.size} pushed, in one order, without gap or repeat`
}

const latency = async ({ a, b, sentAtMs }: Smoke): Promise<string> => {
  const latencies = [a, b].flatMap(({ wire }) =>
    [...sentAtMs].map(([id, sent]) => (wire.pushedAtMs.get(id) ?? Number.NaN) - sent),
  )
  const [median, high] = [percentile(latencies, 50), percentile(latencies, 99)]
  return `from send to push: p50 ${Math.round(median)} ms, p99 ${Math.round(high)} ms, of ${latencies.length}`
}

const retry = async (smoke: Smoke): Promise<string> => {
  const { a, b, roomId, sentAtMs } = smoke
  const since = { epoch: a.epoch(), seq: a.received.at(-1)?.seq ?? 0 }
  const clientMessageId = makeMessageId()
  const frame = { roomId, content: 'sent twice', clientMessageId, since }
  sentAtMs.set(clientMessageId, performance.now())
  const first = await ask(a, frame)
  const second = await ask(a, frame)
  if (first.duplicate) throw new SmokeError('A message that was sent once is called a duplicate')
  if (!second.duplicate || second.seq !== first.seq || second.messageId !== first.messageId) {
    throw new SmokeError(
      `The same clientMessageId and since were stored twice: as ${first.seq} and ${second.seq}`,
    )
  }
  await Promise.all([a, b].map((participant) => untilAllArrived(smoke, participant)))
  requireOneOrder(smoke)
  return `the same message again is a duplicate of ${first.seq}, and was stored once`
}

const ask = async ({ wire }: Participant, fields: Parameters<typeof asFrame>[0]): Promise<AckFrame> => {
  const reply = await wire.request(asFrame(fields))
  if (reply.type === 'ack') return reply
  if (reply.type === 'error') throw new SmokeError(`${reply.message} (${reply.code})`)
  throw new SmokeError(`sendMessage was answered by "${reply.type}"`)
}

const asFrame = (fields: {
  readonly roomId: string
  readonly content: string
  readonly clientMessageId: string
  readonly since: { readonly epoch: string | null; readonly seq: number }
}) => ({ action: 'sendMessage' as const, ...fields })

/** Number of messages that B misses (our choice). */
const missed = 5

const recover = async (smoke: Smoke): Promise<string> => {
  const { a, b, sentAtMs } = smoke
  const recoveriesBefore = b.recoveries()
  b.wire.takeDown()
  await b.until(() => b.client.state().status === 'offline')
  for (let number = 1; number <= missed; number++) await say(smoke, a, `B misses ${number}`)
  const whileAwayCount = sentAtMs.size
  b.wire.bringUp()
  b.client.retryNow()
  smoke.progress = () => `B has ${ownOf(smoke, b).length} of ${whileAwayCount} messages since it was cut off`
  await b.until(() => b.recoveries() > recoveriesBefore && ownOf(smoke, b).length === whileAwayCount)
  const afterwards = await say(smoke, a, 'B is back')
  smoke.progress = () => 'B is back, and gets nothing pushed'
  await Promise.all([a, b].map(({ until, wire }) => until(() => wire.pushedAtMs.has(afterwards))))
  await Promise.all([a, b].map(({ until, received }) => until(() => idsOf(received).includes(afterwards))))
  requireOneOrder(smoke)
  return `B was cut off, came back, and has the ${missed} messages that it missed`
}

const history = async (smoke: Smoke): Promise<string> => {
  const { a, b, roomId, sentAtMs } = smoke
  const head = a.received.at(-1)?.seq ?? 0
  const [seen, same] = await Promise.all([a, b].map(({ client }) => readDown(client, roomId, head)))
  if (seen === undefined || same === undefined) throw new SmokeError('Neither A nor B has a history')
  if (JSON.stringify(seen.messages) !== JSON.stringify(same.messages)) {
    throw new SmokeError('A and B read different histories')
  }
  const stored = idsOf(seen.messages)
  for (const id of sentAtMs.keys()) {
    const times = stored.filter((other) => other === id).length
    if (times !== 1) throw new SmokeError(`A message that was acknowledged is stored ${times} times`)
  }
  return `${seen.messages.length} messages in ${seen.pages} pages, down to the floor at ${seen.floor}; A and B agree`
}

const leave = async ({ a, b, roomId }: Smoke): Promise<string> => {
  await Promise.all([a, b].map(({ client }) => client.leaveRoom(roomId)))
  return `both are out of ${roomId}`
}

export const steps: readonly Step[] = [
  { name: 'connect', run: connect },
  { name: 'join', run: join },
  { name: 'send', run: send },
  { name: 'receive', run: receive },
  { name: 'latency', run: latency },
  { name: 'retry', run: retry },
  { name: 'recover', run: recover },
  { name: 'history', run: history },
  { name: 'leave', run: leave },
]

const isOpen = ({ client }: Participant): boolean => client.state().status === 'open'

const unready = (participants: readonly Participant[], isReady: (one: Participant) => boolean): string =>
  participants
    .filter((participant) => !isReady(participant))
    .map(({ name }) => name)
    .join(' and ')

/** Sends a message, waits for its ack, and returns its `clientMessageId`. */
const say = async (smoke: Smoke, sender: Participant, content: string): Promise<string> => {
  const clientMessageId = makeMessageId()
  smoke.sentAtMs.set(clientMessageId, performance.now())
  const sent = await sender.client.send(smoke.roomId, content, { clientMessageId })
  if (sent.duplicate) throw new SmokeError(`A new message is called a duplicate of ${sent.seq}`)
  return clientMessageId
}

/** Checks that messages were pushed. The client fetches missing ones, so the client alone shows no difference. */
const untilAllArrived = ({ sentAtMs }: Smoke, { until, wire, received }: Participant): Promise<void> =>
  until(() => {
    const got = new Set(idsOf(received))
    return [...sentAtMs.keys()].every((id) => wire.pushedAtMs.has(id) && got.has(id))
  })

const arrivals = (smoke: Smoke, participant: Participant): string => {
  const { sentAtMs } = smoke
  const pushed = [...sentAtMs.keys()].filter((id) => participant.wire.pushedAtMs.has(id)).length
  return `${participant.name} has ${ownOf(smoke, participant).length} of ${sentAtMs.size} messages, ${pushed} of them pushed`
}

const ownOf = ({ sentAtMs }: Smoke, { received }: Participant): readonly ChatMessage[] =>
  received.filter(({ clientMessageId }) => clientMessageId !== undefined && sentAtMs.has(clientMessageId))

const idsOf = (messages: readonly ChatMessage[]) => messages.map(({ clientMessageId }) => clientMessageId)

const requireOneOrder = ({ a, b }: Smoke): void => {
  const [ofA, ofB] = [a, b].map((participant) => new Map(inOrder(participant)))
  for (const [seq, messageId] of ofA ?? []) {
    // Others may use the room as well: one user may have begun earlier or have received more.
    const same = ofB?.get(seq) ?? messageId
    if (same !== messageId) throw new SmokeError(`A and B have different messages at ${seq}`)
  }
}

const inOrder = ({ name, received }: Participant): readonly (readonly [number, string])[] => {
  for (const [index, { seq }] of received.entries()) {
    const before = received[index - 1]?.seq
    if (before !== undefined && seq !== before + 1) {
      throw new SmokeError(`${name} has ${seq} after ${before}: a gap or a repeat`)
    }
  }
  return received.map(({ seq, messageId }) => [seq, messageId])
}
