import { describe, expect, it } from 'vitest'
import { makeDeadLettersHandler } from '../../../../lambdas/handlers/dead-letters.ts'
import { invocation } from '../../../support/gateway/lambda-events.ts'

type Run = Parameters<typeof makeDeadLettersHandler>[0]['run']

const ask = (event: object, run: Run, mostCharacters?: number) =>
  makeDeadLettersHandler({ run, ...(mostCharacters !== undefined && { mostCharacters }) })(event, invocation)

const nothing: Run = async () => {
  throw new Error('Nothing is to be run')
}

describe('dead letters, by a function', () => {
  it('are what the command says, with its exit code', async () => {
    const answer = await ask({ args: ['replay', '--all'] }, async (args, { tell, complain }) => {
      tell(`asked for ${args.join(' ')}`)
      complain('one stays')
      tell('Replayed 2 of 3.')
      return 1
    })
    expect(answer).toEqual({
      output: 'asked for replay --all\nReplayed 2 of 3.',
      errors: 'one stays',
      exitCode: 1,
    })
  })

  it('are asked for in words that make sense', async () => {
    for (const event of [{}, { args: 'list' }, { args: ['list', 5] }, { args: null }]) {
      expect(await ask(event, nothing)).toMatchObject({
        output: '',
        exitCode: 2,
        errors: expect.stringContaining('{"args":["list"]}'),
      })
    }
  })

  it('that are too many for an answer are told as far as it goes, and that there are more', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => `Dropped ${index}`)
    const drop: Run = async (_, { tell, complain }) => {
      for (const line of lines) tell(line)
      complain('one was not there')
      return 0
    }
    expect(await ask({ args: ['drop'] }, drop, 1_000)).toMatchObject({ exitCode: 0 })
    const { output, errors, exitCode } = await ask({ args: ['drop'] }, drop, 200)
    expect(lines.join('\n').startsWith(`${output}\n`)).toBe(true)
    expect(output.length).toBeGreaterThan(80)
    expect(errors).toBe(
      'one was not there\nIt was done, and there is more to tell than an answer may hold: use --limit.',
    )
    expect(exitCode).toBe(1)
  })

  it('throw a defect, so that the invocation fails', async () => {
    await expect(ask({ args: ['list'] }, nothing)).rejects.toThrow('Nothing is to be run')
  })
})
