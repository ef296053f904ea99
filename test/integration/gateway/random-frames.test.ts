import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatMessage, ServerFrame } from '../../../protocol/server-frames.ts'
import { eventually } from '../../support/eventually.ts'
import { checkedFrame, expectedFor, nameOfAnswer } from '../../support/fuzz/frame-oracle.ts'
import { epochPlaceholder } from '../../support/fuzz/schema-values.ts'
import { tryMany } from '../../support/fuzz/try-many.ts'
import { dataFolder, spawnGateway } from '../../support/processes/gateway-process.ts'
import { connectPlain, type PlainClient } from '../../support/sockets/plain-client.ts'
import { openRawSocket } from '../../support/sockets/raw-socket.ts'
import { bytesOf, fitting, type Script, scripts } from '../../support/sockets/socket-scripts.ts'

/** How long an answer, or a closing, may take while all the others want one as well. */
const patienceMs = 20_000

const isPush = (text: string): boolean => /^\{"type":"(messages|disconnect)"/.test(text)

/** Plays a script on a socket of its own; resolves with what was acknowledged, once it is as the contract says. */
const play = async (
  url: string,
  userId: string,
  { acts, ending, isPatient }: Script,
  fill: (text: string) => string,
) => {
  const socket = await openRawSocket(`${url}/?userId=${userId}`)
  const filled = acts.map((act) => (act.kind === 'text' ? { ...act, text: fitting(fill(act.text)) } : act))
  const texts = filled.flatMap((act) => (act.kind === 'text' ? [act.text] : []))
  const pings = filled.flatMap((act) => (act.kind === 'ping' ? [act.payload] : []))
  const replies = () => socket.texts.filter((text) => !isPush(text))
  const isAnswered = () => socket.texts.length >= texts.length && replies().length >= texts.length
  try {
    for (const act of filled) socket.write(bytesOf(act))
    const stays = ending.codes.length === 0 && !ending.isCut
    if (isPatient || stays) {
      const isDone = () => isAnswered() && socket.pongs.length >= pings.length
      await eventually(() => isDone() || socket.isClosed(), `${texts.length} answers`, patienceMs)
      expect(socket.pongs).toEqual(pings)
    }
    socket.write(ending.bytes)
    if (ending.isCut) socket.destroy()
    else if (!stays) {
      await eventually(socket.isClosed, `the end of who ${ending.name}`, patienceMs)
      expect(ending.codes, ending.name).toContain(await socket.closed)
    }
    const frames = socket.texts.map(checkedFrame).filter((_, index) => !isPush(socket.texts[index] ?? ''))
    checkAnswers(texts, frames, isPatient || stays)
    return frames.flatMap((frame) => (frame.type === 'ack' ? [{ userId, ...frame }] : []))
  } finally {
    socket.destroy()
  }
}

/** Each answer is one that a text with its id may have, and there are no more of them than texts. */
const checkAnswers = (
  texts: readonly string[],
  replies: readonly ServerFrame[],
  isComplete: boolean,
): void => {
  const byId = Map.groupBy(texts.map(expectedFor), ({ id }) => id)
  const repliesById = Map.groupBy(replies, (frame) => ('id' in frame ? frame.id : undefined))
  for (const [id, ofId] of repliesById) {
    const expected = byId.get(id) ?? []
    const allowed = new Set(expected.flatMap(({ answers }) => answers))
    for (const frame of ofId) {
      if (!allowed.has(nameOfAnswer(frame))) {
        throw new Error(`Not one of ${[...allowed]}: ${JSON.stringify(frame).slice(0, 300)}`)
      }
    }
    expect(ofId.length, `answers with the id ${id}`).toBeLessThanOrEqual(expected.length)
  }
  if (isComplete) expect(replies).toHaveLength(texts.length)
}

/** The room as it is stored. */
const historyOf = async (witness: PlainClient, roomId: string): Promise<readonly ChatMessage[]> => {
  const messages: ChatMessage[] = []
  for (let more = true; more; ) {
    const page = await witness.request({ action: 'getHistory', roomId, after: messages.at(-1)?.seq ?? 0 })
    if (page.type !== 'history') throw new Error(`No history: ${JSON.stringify(page)}`)
    messages.push(...page.messages)
    more = page.more
  }
  return messages
}

/** A gateway as a process of its own, and one client that stays on it. */
const startWorld = async () => {
  const env = { PORT: '0', LOG_LEVEL: 'error', LIMIT_CONNECTIONS_PER_USER: '100' }
  const gateway = spawnGateway({ ...env, DATA_DIR: await dataFolder() })
  const url = await gateway.url()
  return { gateway, url, witness: await connectPlain(`${url}/?userId=witness`) }
}
type World = Awaited<ReturnType<typeof startWorld>>

/** Lets all clients loose on a room of their own, and looks at what is left of it. */
const tryOne = async (
  { gateway, url, witness }: World,
  roomId: string,
  all: readonly Script[],
): Promise<void> => {
  await witness.request({ action: 'joinRoom', roomId })
  const first = await witness.request({ action: 'sendMessage', roomId, content: 'first' })
  if (first.type !== 'ack') throw new Error(`Not stored: ${JSON.stringify(first)}`)
  const fill = (text: string) =>
    text.replaceAll(epochPlaceholder, first.epoch).replaceAll('"general"', `"${roomId}"`)
  const acks = await Promise.all(all.map((script, index) => play(url, `user-${index}`, script, fill)))

  expect(gateway.child.exitCode).toBe(null)
  expect(await witness.request({ action: 'ping', rooms: [roomId] })).toMatchObject({ type: 'pong' })
  const history = await historyOf(witness, roomId)
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 1))
  for (const ack of acks.flat().filter((one) => one.roomId === roomId)) {
    expect(history[ack.seq - 1]).toMatchObject({ messageId: ack.messageId, sender: { userId: ack.userId } })
  }
  await witness.request({ action: 'leaveRoom', roomId })
  expect(witness.problems).toEqual([])
  // The log of errors, and what Node says of a rejection that nobody handled.
  expect([gateway.output(), gateway.errors()]).toEqual([
    '',
    expect.stringMatching(/^Simple Chat runs at [^\n]*\n$/),
  ])
}

describe('the gateway', () => {
  it('answers or closes as the contract says, for 40,000 random and broken frames on its sockets', async () => {
    let world: World | undefined = await startWorld()
    let tried = 0
    let run = 0
    await tryMany({
      of: fc.array(scripts(), { minLength: 1, maxLength: 6 }),
      tryOne: async (all) => {
        // A gateway that something was wrong with would fail every smaller case as well.
        const present = world ?? (await startWorld())
        world = undefined
        await tryOne(present, `room-${++run}`, all)
        world = present
        for (const { acts } of all) tried += acts.length + 1
      },
      tried: () => tried,
      atLeast: 40_000,
    })
    await eventually(async () => {
      const health = (await (await fetch(`${world?.url}/health`)).json()) as { connections: number }
      return health.connections === 1
    }, 'the connections to be gone but for one')
  }, 240_000)
})
