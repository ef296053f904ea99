import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSystemRoom } from '../../../../core/domain/access.ts'
import type { Identity } from '../../../../core/domain/identity.ts'
import { makeHandlers } from '../../../../gateway/lambda/handlers.ts'
import { selectRoute } from '../../../../gateway/lambda/routing.ts'
import { makeOpenAuthentication } from '../../../../lambdas/aws/authenticate.ts'
import { routes } from '../../../../lambdas/routes.ts'
import type { ServerFrame } from '../../../../protocol/server-frames.ts'
import { identityOf } from '../../../support/builders.ts'
import { checkedReply } from '../../../support/fuzz/frame-oracle.ts'
import { textFrames } from '../../../support/fuzz/random-frames.ts'
import { epochPlaceholder } from '../../../support/fuzz/schema-values.ts'
import { tryMany } from '../../../support/fuzz/try-many.ts'
import { invocation, messageEvent } from '../../../support/gateway/lambda-events.ts'
import { makeParts, recordPosts } from '../../../support/gateway/parts.ts'

const users = {
  ada: identityOf({ userId: 'ada', name: 'Ada' }),
  bob: identityOf({ userId: 'bob', name: 'Bob', rooms: ['general', 'team-*'] }),
  cyd: identityOf({ userId: 'cyd', name: 'Cyd', rooms: [] }),
} satisfies Record<string, Identity>
type User = keyof typeof users

type Case = { readonly all: readonly Step[]; readonly atOnce: boolean }
type Step = { readonly user: User; readonly text: string }

const user = (): fc.Arbitrary<User> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant('ada') },
    { weight: 2, arbitrary: fc.constant('bob') },
    { weight: 1, arbitrary: fc.constant('cyd') },
  )

const steps = (): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ user: user(), text: textFrames() }), { minLength: 1, maxLength: 400, size: 'max' })

/** All handlers over memory, one connection for each user, and what is known of it from the replies alone. */
const startWorld = () => {
  const parts = makeParts({ limits: { roomsPerConnection: 1_000 } })
  const handlers = makeHandlers({
    ...parts,
    poster: recordPosts().poster,
    authenticate: makeOpenAuthentication(),
    managementEndpoint: ({ domainName, stage }) => `https://${domainName}/${stage}`,
    maxAgeSeconds: 7200,
  })
  let epoch = 'none yet'

  const answer = async ({ user, text: made }: Step): Promise<ServerFrame> => {
    const body = made.replaceAll(epochPlaceholder, epoch)
    const { requestContext, ...event } = messageEvent(body, users[user])
    const route = selectRoute(routes, body)?.route
    if (!route) throw new Error('Every text has a route')
    const { statusCode, body: reply = '' } = await handlers[route.function](
      { ...event, requestContext: { ...requestContext, connectionId: user } },
      invocation,
    )
    if (statusCode !== 200) throw new Error(`The status is ${statusCode}`)
    const frame = checkedReply(body, reply)
    if ('epoch' in frame && frame.roomId === 'general') epoch = frame.epoch ?? epoch
    return frame
  }
  return { ...parts, answer }
}
type World = ReturnType<typeof startWorld>

type Acked = {
  readonly user: User
  readonly roomId: string
  readonly seq: number
  readonly duplicate: boolean
}

const ackOf = (user: User, frame: ServerFrame): readonly Acked[] =>
  frame.type === 'ack'
    ? [{ user, roomId: frame.roomId, seq: frame.seq, duplicate: frame.duplicate === true }]
    : []

/** Each room's entries are those that were acknowledged, numbered without a hole, each under the name of who sent it. */
const checkLogs = async ({ log }: World, acked: readonly Acked[]): Promise<void> => {
  for (const [roomId, ofRoom] of Map.groupBy(acked, (ack) => ack.roomId)) {
    const { entries } = await log.read({ roomId, after: 0, limit: 10_000 })
    const stored = ofRoom.filter(({ duplicate }) => !duplicate).sort((one, other) => one.seq - other.seq)
    expect(entries.map(({ seq, sender }) => ({ seq, sender }))).toEqual(
      stored.map(({ user }, index) => ({ seq: index + 1, sender: { userId: user, name: users[user].name } })),
    )
    expect(stored.map(({ seq }) => seq)).toEqual(entries.map(({ seq }) => seq))
  }
}

/** So that there are members, and more to read than fits into a frame. */
const opening: readonly Step[] = [
  { user: 'ada', text: '{"action":"joinRoom","roomId":"general"}' },
  { user: 'bob', text: '{"action":"joinRoom","roomId":"general"}' },
  ...Array.from({ length: 5 }, (): Step => {
    const content = '🙂'.repeat(2_000)
    return { user: 'ada', text: JSON.stringify({ action: 'sendMessage', roomId: 'general', content }) }
  }),
]

/** One frame after the other, so that what each may do is known beforehand. */
const playInTurn = async (world: World, all: readonly Step[]): Promise<readonly Acked[]> => {
  const memberships = new Set<string>()
  const acked: Acked[] = []
  for (const step of all) {
    const frame = await world.answer(step)
    const place = 'roomId' in frame ? `${step.user} in ${frame.roomId}` : ''
    if (frame.type === 'joined') memberships.add(place)
    if (frame.type === 'left') memberships.delete(place)
    if ((frame.type === 'ack' || frame.type === 'history') && !memberships.has(place)) {
      throw new Error(`${place} is no member, and was answered by ${frame.type}`)
    }
    if (frame.type === 'joined' && step.user === 'cyd') throw new Error('cyd may enter no room')
    acked.push(...ackOf(step.user, frame))
  }
  for (const user of ['ada', 'bob', 'cyd']) {
    const rooms = (await world.directory.roomsOf(user, user)).filter((roomId) => !isSystemRoom(roomId))
    expect(new Set(rooms.map((roomId) => `${user} in ${roomId}`))).toEqual(
      new Set([...memberships].filter((place) => place.startsWith(`${user} `))),
    )
  }
  return acked
}

const playAtOnce = async (world: World, all: readonly Step[]): Promise<readonly Acked[]> => {
  const opened = await playInTurn(world, opening)
  const replies = await Promise.all(all.map(async (step) => ackOf(step.user, await world.answer(step))))
  return [...opened, ...replies.flat()]
}

describe('the handlers', () => {
  it('answer each of 60,000 random and broken frames as the contract says, and no frame breaks anything', async () => {
    let tried = 0
    const replies = new Map<string, number>()
    const tryOne = async ({ all, atOnce }: Case) => {
      const world = startWorld()
      tried += all.length
      const acked = await (atOnce ? playAtOnce(world, all) : playInTurn(world, [...opening, ...all]))
      await checkLogs(world, acked)
      expect(world.telemetry.errors).toEqual([])
      for (const { duplicate } of acked) count(replies, duplicate ? 'duplicate' : 'ack')
    }
    const cases: fc.Arbitrary<Case> = fc.record({ all: steps(), atOnce: fc.boolean() })
    await tryMany({ of: cases, tryOne, tried: () => tried, atLeast: 60_000 })
    // Frames of which none gets through would prove little.
    expect(replies.get('ack') ?? 0).toBeGreaterThan(2_000)
    expect(replies.get('duplicate') ?? 0).toBeGreaterThan(100)
  }, 120_000)

  it('would be given few frames for what breaks them, and the same ones again by seed and path', async () => {
    const blame = fc.asyncProperty(steps(), async (all) => {
      const world = startWorld()
      for (const step of [...opening, ...all]) {
        if ((await world.answer(step)).type === 'history') throw new Error('As if that broke it')
      }
    })
    const { counterexample, counterexamplePath: path, seed } = await fc.check(blame)
    const texts = counterexample?.[0].map(({ text }) => text) ?? []
    expect(texts.length).toBeLessThanOrEqual(3)
    expect(texts.join('')).toMatch(/"getHistory".*"general"/)
    const again = await fc.check(blame, { seed, path: path ?? '', endOnFailure: true })
    expect(again.counterexample).toEqual(counterexample)
    expect(again.numRuns).toBe(1)
  })
})

const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
