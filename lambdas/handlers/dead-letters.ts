import type { DeadLettersHandler } from '../aws/events.ts'

type Output = { readonly tell: (text: string) => void; readonly complain: (text: string) => void }

type Deps = {
  /** Runs the command with the arguments; resolves with the exit code. */
  readonly run: (args: readonly string[], output: Output) => Promise<number>
  /** Maximum characters of the answer. Default: 2,500,000, because Lambda returns at most 6 MB of JSON. */
  readonly mostCharacters?: number
}

/** Handles the invocation by `npm run dead-letters`, for operators who cannot reach the broker. */
export const makeDeadLettersHandler =
  ({ run, mostCharacters = 2_500_000 }: Deps): DeadLettersHandler =>
  async ({ args }) => {
    if (!areArguments(args))
      return { output: '', errors: 'The event must be as {"args":["list"]} is.', exitCode: 2 }
    const [told, complaints]: [string[], string[]] = [[], []]
    const exitCode = await run(args, {
      tell: (text) => told.push(text),
      complain: (text) => complaints.push(text),
    })
    const [output, errors] = [told.join('\n'), complaints.join('\n')]
    if (output.length + errors.length <= mostCharacters) return { output, errors, exitCode }
    const shortened = (text: string) => firstLines(text, mostCharacters / 2)
    return { output: shortened(output), errors: `${shortened(errors)}\n${tooMuch}`.trim(), exitCode: 1 }
  }

const tooMuch = 'It was done, and there is more to tell than an answer may hold: use --limit.'

const areArguments = (args: unknown): args is readonly string[] =>
  Array.isArray(args) && args.every((arg) => typeof arg === 'string')

/** Returns as many whole lines as fit into a number of characters. */
const firstLines = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, Math.max(0, text.lastIndexOf('\n', most)))
