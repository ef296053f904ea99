import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { encodeJob } from '../../core/domain/job.ts'
import { eventually } from '../support/eventually.ts'
import { type DeadLettersUnderTest, startDeadLetters } from '../support/lanes/dead-letters.ts'
import { entriesJob, numbersOf, retryJob, roomsIn, upTo } from '../support/lanes/lane-jobs.ts'
import { readLane, soon } from '../support/lanes/record-reader.ts'
import { operatorEnv, spawnDeadLetters } from '../support/processes/dead-letters-process.ts'
import { awsVariables } from '../support/processes/poller-process.ts'
import { needs } from '../support/requirements.ts'
import { startLambdaApi } from '../support/servers/lambda-api.ts'
import { freePort } from '../support/servers/rabbitmq-server.ts'
import { startTcpProxy } from '../support/sockets/tcp-proxy.ts'

const run = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnDeadLetters(args, env).ended

describe('npm run dead-letters', () => {
  test('says in one line what becomes of the embedded broker’s dead letters, and what to do', async () => {
    const { code, output, errors } = await run([], { RABBITMQ_URL: '' })
    expect([code, output]).toEqual([1, ''])
    expect(errors).toMatch(
      /^RABBITMQ_URL is not set\. [^\n]* set RABBITMQ_URL[^\n]* The embedded broker keeps [^\n]*\n$/,
    )
  })

  test('names the settings that are bad, in one line', async () => {
    const { code, errors } = await run([], { RABBITMQ_URL: 'http://localhost', LANES: 'many' })
    expect(code).toBe(1)
    expect(errors).toMatch(/^Bad settings: RABBITMQ_URL [^\n]*; LANES [^\n]*\n$/)
  })

  test('says that no broker answers, and where it was looked for', async () => {
    const port = await freePort()
    const { code, errors } = await run([], { RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${port}` })
    expect(code).toBe(1)
    expect(errors).toMatch(
      new RegExp(`^The message broker is out of reach[^\n]*127\\.0\\.0\\.1:${port}[^\n]*\n$`),
    )
  })

  test('says why a function gave no answer, in one line', async () => {
    const api = await startLambdaApi()
    const env = { ...awsVariables(api.url), DEAD_LETTERS_FUNCTION: 'dead-letters' }
    expect(await run([], env)).toEqual({
      code: 1,
      output: '',
      errors: expect.stringMatching(
        /^dead-letters did not answer: Function not found: dead-letters\. Set AWS_REGION, .*\n$/,
      ),
    })
    api.deploy('dead-letters', async () => 'an answer of another function')
    expect(await run([], env)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^dead-letters did not answer: [^\n]+\n$/),
    })
    expect(await run([], { ...env, DEAD_LETTERS_FUNCTION: 'no name' })).toMatchObject({
      code: 1,
      errors: 'Bad settings: DEAD_LETTERS_FUNCTION must be the name or the ARN of a function\n',
    })
  })

  test.each([
    [['--help'], 0],
    [['eat'], 2],
    [['replay'], 2],
    [['--al'], 2],
  ])('answers %j with its usage', async (args, code) => {
    const ended = await run(args, { RABBITMQ_URL: '' })
    expect(ended.code).toBe(code)
    expect(ended.output + ended.errors).toContain('Usage: npm run dead-letters')
  })
})

const rabbitMq = inject('rabbitMq')
const [room = ''] = roomsIn('lane.0', { lanes: 2, bulkLanes: 1 }, 1)
const retries = (numbers: readonly number[]) => numbers.map((n) => encodeJob(retryJob(room, n)))

describe('npm run dead-letters on RabbitMQ', needs('RabbitMQ', rabbitMq !== null), () => {
  const url = rabbitMq ?? ''
  let world: DeadLettersUnderTest
  let env: ReturnType<typeof operatorEnv>

  beforeEach(async () => {
    world = await startDeadLetters(url)
    env = operatorEnv(url, world.topology)
  })
  afterEach(() => world.remove())

  const listed = async (...args: readonly string[]) =>
    JSON.parse((await run(['list', '--json', ...args], env)).output) as { id: string; attempt: number }[]

  test('lists a table by default, without what was said, and says so where there are none', async () => {
    expect(await run([], env)).toMatchObject({ code: 0, output: 'There are no dead letters.\n' })
    await world.deadLetter([
      encodeJob(entriesJob(room, 7, { count: 3, content: 'a secret' })),
      '\u001b[31mred',
    ])
    const { code, output, errors } = await run([], env)
    expect([code, errors]).toEqual([0, ''])
    const [head, first, second] = output.split('\n')
    expect(head).toMatch(/^ID +SINCE +JOB +ROOM +EPOCH +SEQS +ATTEMPT +BYTES +REASON$/)
    expect(first).toMatch(
      new RegExp(`^[0-9a-f]{12} +20\\S+Z +messages +${room} +epoch-1 +7-9 +- +\\d+ +not served$`),
    )
    expect(second).toMatch(/^[0-9a-f]{12} +20\S+Z +unknown +- +- +- +- +8 +not served$/)
    expect(output).not.toContain('secret')
    expect(output).not.toContain('\u001b')
    expect(await run(['--room', 'nobody'], env)).toMatchObject({
      code: 0,
      output: expect.stringContaining('No dead letter matches'),
    })
  })

  test('lists as JSON, by room, reason and number', async () => {
    await world.deadLetter(retries([1, 2]), 'not served after 4 retries')
    await world.deadLetter(retries([3]), 'failed')
    expect((await listed('--reason', 'served', '--limit', '1')).map(({ attempt }) => attempt)).toEqual([1])
    expect((await listed('--room', room)).map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(await listed('--room', 'nobody')).toEqual([])
    expect((await listed())[2]).toEqual({
      id: expect.any(String),
      setAsideAt: expect.stringMatching(/Z$/),
      reason: 'failed',
      bytes: expect.any(Number),
      kind: 'retry',
      roomId: room,
      epoch: 'epoch-1',
      from: 1,
      to: 1,
      attempt: 3,
    })
  })

  test('shows one whole, and nothing of it can steer the terminal', async () => {
    await world.deadLetter([encodeJob(entriesJob(room, 1, { content: 'said\u009b31m\u202e' }))])
    const [{ id } = { id: '' }] = await listed()
    const { code, output } = await run(['show', id], env)
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({
      id,
      reason: 'not served',
      record: { kind: 'messages', entries: [{ content: 'said\u009b31m\u202e' }] },
    })
    expect(output).not.toMatch(/[\u009b\u202e]/)
    expect(await run(['show', '000000000000'], env)).toMatchObject({
      code: 1,
      errors: 'There is no dead letter 000000000000.\n',
    })
  })

  test('replays what is named, and answers 1 where something is not there or is no job', async () => {
    await world.deadLetter([...retries([1, 2]), 'no job'])
    const [first, , third] = await listed()
    const reader = await readLane(world.consumer, 'lane.0')
    expect(await run(['replay', first?.id ?? '', '000000000000'], env)).toMatchObject({
      code: 1,
      output: `Replayed ${first?.id} (${room} 1)\nReplayed 1 of 1.\n`,
      errors: 'There is no dead letter 000000000000.\n',
    })
    expect(await run(['replay', '--all'], env)).toMatchObject({
      code: 1,
      output: expect.stringContaining('Replayed 1 of 2.'),
      errors: `${third?.id} stays: this version does not know it as a job.\n`,
    })
    await reader.untilTaken(2)
    await reader.stop()
    expect(numbersOf(reader.taken, room)).toEqual([1, 2])
    expect((await listed()).map(({ id }) => id)).toEqual([third?.id])
    expect(await run(['replay', '--all', '--room', room], env)).toMatchObject({ code: 0 })
  })

  test('says that there are no such lanes, and nothing that is not so', async () => {
    await world.deadLetter(retries([1]))
    expect(await run(['replay', '--all'], { ...env, LANES: '7' })).toEqual({
      code: 1,
      output: '',
      errors: expect.stringMatching(/^The broker has no lanes for LANES=7 [^\n]*\n$/),
    })
    expect(await world.waiting()).toBe(1)
  })

  test('tells who replays into lanes that nobody reads', async () => {
    await world.deadLetter(retries([1]))
    expect(await run(['replay', '--all'], env)).toMatchObject({
      code: 0,
      errors: expect.stringContaining('No process reads lane.0 now'),
    })
  })

  test('drops only what it was asked to twice', async () => {
    await world.deadLetter(retries([1, 2, 3]))
    const [first] = await listed()
    expect(await run(['drop', '--all', '--limit', '2'], env)).toMatchObject({
      code: 1,
      output: expect.stringContaining(first?.id ?? 'an id'),
      errors: 'Nothing was dropped. Add --yes to remove these 2 permanently.\n',
    })
    expect(await world.waiting()).toBe(3)
    expect(await run(['drop', '--all', '--limit', '2', '--yes'], env)).toMatchObject({
      code: 0,
      output: expect.stringContaining('Dropped 2.\n'),
    })
    expect((await listed()).map(({ attempt }) => attempt)).toEqual([3])
    expect(await run(['drop', first?.id ?? '', '--yes'], env)).toMatchObject({ code: 1 })
    expect(await world.waiting()).toBe(1)
  })

  test('loses nothing and keeps the order when it is killed while it looks', async () => {
    const all = upTo(3_000)
    // In parts: what waits too long for its confirmation is published again.
    for (let from = 0; from < all.length; from += 100) {
      const part = retries(all.slice(from, from + 100))
      await Promise.all(part.map((body) => world.publisher.deadLetter(body, 'x'.repeat(2_000))))
    }
    await soon(async () => expect(await world.waiting()).toBe(all.length))
    const before = await listed()
    const proxy = await startTcpProxy(url)
    proxy.blackHoleAfter(1_000_000)
    const looking = spawnDeadLetters([], { ...env, RABBITMQ_URL: proxy.url })
    await eventually(async () => (await world.waiting()) === 0, 'all of them to be in its hand', 30_000)
    looking.child.kill('SIGKILL')
    expect((await looking.ended).code).toBe(null)
    await proxy.close()
    expect(await listed()).toEqual(before)
  })

  test('loses nothing and keeps the order when it is killed while it replays', async () => {
    const all = upTo(1_000)
    await world.deadLetter(retries(all))
    const replaying = spawnDeadLetters(['replay', '--all'], env)
    await eventually(() => replaying.output().includes('Replayed'), 'the first to be replayed', 30_000)
    replaying.child.kill('SIGKILL')
    expect((await replaying.ended).code).toBe(null)
    await eventually(async () => (await listed()).length > 0, 'the rest to be back')
    const left = (await listed()).map(({ attempt }) => attempt)
    expect(left).toEqual(all.slice(-left.length))
    const reader = await readLane(world.consumer, 'lane.0')
    await soon(() => expect(new Set([...numbersOf(reader.taken, room), ...left]).size).toBe(all.length))
    await reader.stop()
    const replayed = numbersOf(reader.taken, room)
    expect(replayed).toEqual(all.slice(0, replayed.length))
  })
})
