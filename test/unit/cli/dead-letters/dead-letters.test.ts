import { describe, expect, it } from 'vitest'
import type { DeadLetterSummary } from '../../../../adapters/rabbitmq/dead-letter.ts'
import { tableOf } from '../../../../cli/dead-letters/lines.ts'
import { parseOptions } from '../../../../cli/dead-letters/options.ts'

const id = '0123456789ab'
const commandOf = (...args: string[]) => {
  const parsed = parseOptions(args)
  return parsed.kind === 'options' ? parsed.options : parsed.problem
}

describe('the options of dead-letters', () => {
  it.each([
    [[], { kind: 'list', selection: {}, asJson: false }],
    [['--json', '--limit', '5'], { kind: 'list', selection: { limit: 5 }, asJson: true }],
    [['list', '--room', 'general'], { kind: 'list', selection: { roomId: 'general' }, asJson: false }],
    [['show', id], { kind: 'show', id }],
    [['replay', id, 'ba9876543210'], { kind: 'replay', selection: { ids: [id, 'ba9876543210'] } }],
    [['replay', '--all', '--reason', 'x'], { kind: 'replay', selection: { reason: 'x' } }],
    [['drop', id], { kind: 'drop', selection: { ids: [id] }, isSure: false }],
    [['drop', '--all', '--yes'], { kind: 'drop', selection: {}, isSure: true }],
  ])('understand %j', (args, command) => {
    expect(commandOf(...args)).toEqual(command)
  })

  it.each([
    [['eat'], 'no command "eat"'],
    [['replay'], 'Give ids to replay'],
    [['drop', '--yes'], 'Give ids to drop'],
    [['replay', id, '--all'], 'not both'],
    [['replay', '--room', 'general'], 'go with replay --all'],
    [['drop', id, '--limit', '1'], 'go with drop --all'],
    [['show'], 'one id'],
    [['show', id, id], 'one id'],
    [['show', id, '--room', 'general'], 'nothing else'],
    [['list', id], 'show does'],
    [['list', '--all'], '--all goes with'],
    [['replay', 'x'], '"x" is not an id'],
    [['replay', '--all', '--yes'], '--yes goes with drop'],
    [['replay', '--all', '--json'], '--json goes with list'],
    [['--limit', '0'], 'a number from 1'],
    [['--limit', 'many'], 'a number from 1'],
    [['--rom', 'general'], "Unknown option '--rom'"],
    [['--room'], '--room'],
  ])('refuse %j, and say why', (args, problem) => {
    expect(commandOf(...args)).toContain(problem)
  })

  it('ask for nothing but the usage with --help', () => {
    expect(parseOptions(['drop', '--help'])).toEqual({ kind: 'usage', problem: undefined })
  })
})

describe('the table of dead letters', () => {
  const letter: DeadLetterSummary = {
    id,
    atMs: null,
    reason: 'not\u001b[2Jserved\nat all \ud800',
    bytes: 1,
    kind: 'messages',
    roomId: 'a\u202eroom',
    epoch: null,
    from: 4,
    to: 4,
    attempt: null,
  }

  it('has one line for each, whatever is in them, and nothing that could steer a terminal', () => {
    const [, line, ...others] = tableOf([letter]).split('\n')
    expect(others).toEqual([])
    expect(line).toBe(
      `${id}  -      messages  a\ufffdroom  -      4     -        1      not\ufffd[2Jserved\ufffdat all \ufffd`,
    )
  })
})
