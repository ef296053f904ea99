import { describe, expect, it } from 'vitest'
import { faultKinds } from '../../soak/faults/fault.ts'
import { parseOptions, usage } from '../../soak/options.ts'

describe('the options of the soak', () => {
  it('have defaults', () => {
    expect(parseOptions([])).toEqual({
      kind: 'options',
      options: {
        minutes: 2,
        kinds: faultKinds,
        stores: undefined,
        seed: undefined,
        nodes: 2,
        clients: 12,
        rate: 60,
        report: undefined,
        logs: undefined,
      },
    })
  })

  it('choose faults, stores, and the seed', () => {
    const args = '--minutes 0.5 --faults frozen,gone-posts --store both --seed 4294967295'.split(' ')
    expect(parseOptions(args)).toMatchObject({
      options: {
        minutes: 0.5,
        kinds: ['frozen', 'gone-posts'],
        stores: ['dynalite', 'dynamodb-local'],
        seed: 4_294_967_295,
      },
    })
    expect(parseOptions(['--faults', 'none'])).toMatchObject({ options: { kinds: [] } })
  })

  it.each([
    ['--minutes soon', '--minutes takes a number'],
    ['--minutes 0', '--minutes takes a number from 0.2'],
    ['--faults frozen,flood', '--faults knows no "flood"'],
    ['--store redis', '--store takes dynalite, dynamodb-local or both, not "redis"'],
    ['--seed 1.5', '--seed takes a whole number'],
    ['--nodes 1', '--nodes takes a number from 2 to 8'],
    ['--speed 7', "Unknown option '--speed'"],
    ['all', 'Unexpected argument'],
  ])('refuse %s in one line', (args, problem) => {
    const parsed = parseOptions(args.split(' '))
    expect(parsed).toMatchObject({ kind: 'problem', problem: expect.stringContaining(problem) })
    expect(parsed.kind === 'problem' && parsed.problem.split('\n')).toHaveLength(1)
  })

  it('are told with --help, each of them', () => {
    expect(parseOptions(['--help'])).toEqual({ kind: 'usage' })
    for (const kind of faultKinds) expect(usage).toContain(kind)
  })
})
