import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Options of a command, or a request for its usage, with the problem if the arguments are invalid. */
export type Parsed<Options> =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'usage'; readonly problem: string | undefined }

/** Options that a command knows, in the form of `parseArgs`; `--help` is added. */
type Known = NonNullable<ParseArgsConfig['options']>

type Values<K extends Known> = ReturnType<typeof parseArgs<{ options: K }>>['values']

const help = { help: { type: 'boolean', short: 'h', default: false } } as const

/**
 * Parses the arguments of a command. `--help` asks for the usage, and unknown options are a problem.
 *
 * @param known options of the command
 * @param check validates values and positional arguments, and returns the command's options or a problem
 */
export const parseArguments = <const K extends Known, Options>(
  args: readonly string[],
  known: K,
  check: (values: Values<K>, positionals: readonly string[]) => Parsed<Options>,
): Parsed<Options> => {
  try {
    const isHelp = parseArgs({ args: [...args], options: help, strict: false }).values.help === true
    if (isHelp) return { kind: 'usage', problem: undefined }
    const { values, positionals } = parseArgs({ args: [...args], options: known, allowPositionals: true })
    return check(values, positionals)
  } catch (error) {
    // parseArgs throws such an error for unknown options; any other error is a defect.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      return problem(error.message)
    }
    throw error
  }
}

/** Creates the result for invalid arguments. */
export const problem = (text: string) => ({ kind: 'usage', problem: text }) as const

/** Returns the problem with positional arguments of a command that takes none, or undefined. */
export const unexpected = (positionals: readonly string[]): string | undefined =>
  positionals.length > 0 ? `Unexpected argument "${positionals[0]}".` : undefined

/** Prints the usage: to standard output if it was asked for, or to standard error after a problem. @returns the exit code */
export const printUsage = (
  usage: string,
  { problem: text }: { readonly problem: string | undefined },
): 0 | 2 => {
  if (text === undefined) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  process.stderr.write(`${text}\n\n${usage}\n`)
  return 2
}
