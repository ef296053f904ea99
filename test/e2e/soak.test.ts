import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needs } from '../support/requirements.ts'
import { canStartRabbitMq } from '../support/servers/rabbitmq-server.ts'

/** A soak as a process, as `npm run soak` runs it; it is ended, and what it started with it, when the test ends. */
const soak = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, ['test/soak/main.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  onTestFinished(() => void child.kill())
  const [code] = await once(child, 'exit')
  return { code, output }
}

const oneOfEach = [
  'broker-killed',
  'gateway-killed',
  'lost-disconnects',
  'gone-posts',
  'store-trouble',
  'clock-jumped',
]
/** One with which each of these fits into half a minute. */
const seed = '31'

const canRun = await canStartRabbitMq()

describe('the soak', () => {
  it.each([
    [['--faults', 'flood'], /^--faults knows no "flood".*\n$/],
    [['--minutes', 'long'], /^--minutes takes a number.*\n$/],
  ])('says in one line why it does not take %s', async (args, line) => {
    const { code, output } = await soak(...args)
    expect(code).toBe(2)
    expect(output).toMatch(line)
  })

  it('finds nothing lost, doubled or out of order in half a minute of faults', {
    ...needs('RabbitMQ', canRun),
    timeout: 240_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simple-chat-soak-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const report = join(folder, 'report.json')
    const kinds = [...oneOfEach].sort()
    const options = ['--minutes', '0.5', '--faults', kinds.join(','), '--store', 'dynalite', '--seed', seed]
    const { code, output } = await soak(...options, '--report', report)
    console.log(output)
    expect(code).toBe(0)
    const { runs } = JSON.parse(await readFile(report, 'utf8'))
    expect(runs).toHaveLength(1)
    const [{ verdict, faultKinds, problems }] = runs
    expect(problems).toEqual([])
    expect(verdict.total).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0 })
    expect(verdict.total.acked).toBeGreaterThan(0)
    expect(verdict.total.delivered).toBeGreaterThan(verdict.total.acked)
    expect(Object.keys(faultKinds).sort()).toEqual(kinds)
  })
})
