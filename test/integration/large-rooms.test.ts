import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { laneOf } from '../../core/domain/lanes.ts'
import { makeConcurrencyLimit } from '../../core/primitives/concurrency-limit.ts'
import { eventually } from '../support/eventually.ts'
import { startLanes } from '../support/lanes/running-lanes.ts'

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('a small room beside a large one', () => {
  const postMs = 5
  const postsAtOnce = 64
  const largeMembers = 5_000
  /** From one message to the next: 5,000 posts take eight times as long. */
  const talkMs = 50

  /** How long each message of a small room took, while a large one on its lane is spoken in all the time. */
  const smallRoomLatencies = async (largeRoomMembers: number | null): Promise<readonly number[]> => {
    const limit = makeConcurrencyLimit(postsAtOnce)
    const arrivedAtMs: number[] = []
    let largePosts = 0
    const lanes = await startLanes({
      largeRoomMembers,
      post: () => limit(() => wait(postMs)),
      onPosted: (connectionId, seqs) => {
        if (connectionId === 'small-1') for (const seq of seqs) arrivedAtMs[seq] = performance.now()
        else largePosts += seqs.length
      },
    })
    onTestFinished(lanes.stop)
    const [large = '', small = ''] = oneTo(20)
      .map((n) => `room-${n}`)
      .filter((room) => laneOf(room, lanes.laneCounts) === 'lane.0')
    for (const n of oneTo(largeMembers)) await lanes.seat(large, `large-${n}`)
    await lanes.seat(small, 'small-1')

    const rounds = 20
    const sentAtMs: number[] = []
    for (const seq of oneTo(rounds)) {
      await lanes.speak(large)
      sentAtMs[seq] = performance.now()
      await lanes.speak(small)
      await wait(talkMs)
    }
    const isServed = () => largePosts === rounds * largeMembers && arrivedAtMs.length > rounds
    await eventually(isServed, 'both rooms to be served', 30_000)
    return oneTo(rounds).map((seq) => (arrivedAtMs[seq] ?? Number.NaN) - (sentAtMs[seq] ?? 0))
  }

  it('does not wait for it: it would, were the large one not served in parts', async () => {
    const inParts = summaryOf(await smallRoomLatencies(1_000))
    const together = summaryOf(await smallRoomLatencies(null))
    console.log(
      `a small room beside one of ${largeMembers} members: ${inParts.text} in parts, ${together.text} together`,
    )
    expect(inParts.median).toBeLessThan(together.median / 4)
    expect(inParts.worst).toBeLessThan(together.worst / 2)
    expect(inParts.worst).toBeLessThan(200)
  }, 60_000)
})

const summaryOf = (latenciesMs: readonly number[]) => {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const [median = Number.NaN, worst = Number.NaN] = [sorted[sorted.length >> 1], sorted.at(-1)]
  return { median, worst, text: `${Math.round(median)} ms, at worst ${Math.round(worst)} ms` }
}

describe('a room of 100,000 members', () => {
  it('is served in parts, each member once and in order', async () => {
    const memberCount = 100_000
    const messageCount = 20
    const seqs = new Map<string, number[]>()
    let posts = 0
    let delivered = 0
    const lanes = await startLanes({
      largeRoomMembers: 1_000,
      post: async () => undefined,
      onPosted: (connectionId, ofPost) => {
        posts++
        delivered += ofPost.length
        seqs.get(connectionId)?.push(...ofPost)
      },
    })
    onTestFinished(lanes.stop)
    for (const n of oneTo(memberCount)) {
      seqs.set(`c${n}`, [])
      await lanes.seat('general', `c${n}`)
    }
    const startedMs = performance.now()
    for (const _ of oneTo(messageCount)) await lanes.speak('general')
    await eventually(() => delivered >= memberCount * messageCount, 'all to be delivered', 60_000)
    const tookMs = performance.now() - startedMs
    const parts = lanes.jobs.filter((kind) => kind === 'range').length
    console.log(
      `${messageCount} messages to ${memberCount} members in ${Math.round(tookMs)} ms: ${parts} jobs for parts, ${posts} posts`,
    )
    const expected = oneTo(messageCount).join()
    expect([...seqs.values()].filter((ofMember) => ofMember.join() !== expected)).toEqual([])
    expect(lanes.jobs.filter((kind) => kind === 'retry')).toEqual([])
    expect(lanes.deadLetters()).toEqual([])
    expect(tookMs).toBeLessThan(30_000)
  }, 60_000)
})
