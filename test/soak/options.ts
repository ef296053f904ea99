import { parseArgs } from 'node:util'
import { type FaultKind, faultKinds } from './faults/fault.ts'
import type { StoreKind } from './world.ts'

export type SoakOptions = {
  /** Of all stores together. */
  readonly minutes: number
  readonly kinds: readonly FaultKind[]
  /** Undefined: both, or dynalite alone where there is no Java. */
  readonly stores: readonly StoreKind[] | undefined
  /** Undefined: any. */
  readonly seed: number | undefined
  readonly nodes: number
  readonly clients: number
  /** Messages a second that the clients try to send, all together. */
  readonly rate: number
  /** Where the report goes as JSON. */
  readonly report: string | undefined
  /** Folder for logs and journals; undefined: one that goes with a good run. */
  readonly logs: string | undefined
}

/** `usage`: nothing is to be done but to print it; with a problem if that was not what was asked for. */
export type Parsed =
  | { readonly kind: 'options'; readonly options: SoakOptions }
  | { readonly kind: 'usage' }
  | { readonly kind: 'problem'; readonly problem: string }

export const usage = `Usage: npm run soak -- [--minutes N] [--faults KINDS] [--store STORE] [--seed S]

Clients write and count in several rooms, over gateways that share a RabbitMQ and a store of the soak's own, while
faults are drawn at random. In the end, what the clients saw is held against what is stored.

  --minutes N     how long, without starting and coming to rest; 2 if you say nothing
  --faults KINDS  all, none, or some, separated by commas:
                  ${faultKinds.slice(0, 5).join(', ')},
                  ${faultKinds.slice(5).join(', ')}
  --store STORE   dynalite, dynamodb-local (needs Java 17), or both, each for half of the time;
                  both if there is Java and you say nothing
  --seed S        draws the faults of the run that printed this seed: a whole number
  --nodes N       gateways, 2 to 8; 2 if you say nothing
  --clients N     clients of the SDK, 6 to 100, in two processes; 12 if you say nothing
  --rate N        messages a second that they try to send; 60 if you say nothing
  --report FILE   writes the report as JSON
  --logs FOLDER   keeps the gateways' logs and the clients' journals there; if you say nothing, they are kept
                  only after a run that went wrong
  --help          this

Exit codes: 0 nothing was lost, doubled or out of order; 1 something was; 2 the soak could not be run.`

export const parseOptions = (args: readonly string[]): Parsed => {
  try {
    const { values } = parseArgs({ args: [...args], options: known, allowPositionals: false })
    if (values.help) return { kind: 'usage' }
    return { kind: 'options', options: read(values) }
  } catch (error) {
    // What `read` refuses, and what parseArgs throws for arguments that it does not know; anything else is a defect.
    if (error instanceof BadOption) return { kind: 'problem', problem: error.message }
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      return { kind: 'problem', problem: error.message }
    }
    throw error
  }
}

class BadOption extends Error {
  override readonly name = 'BadOption'
}

const known = {
  minutes: { type: 'string', default: '2' },
  faults: { type: 'string', default: 'all' },
  store: { type: 'string' },
  seed: { type: 'string' },
  nodes: { type: 'string', default: '2' },
  clients: { type: 'string', default: '12' },
  rate: { type: 'string', default: '60' },
  report: { type: 'string' },
  logs: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = {
  readonly [name in Exclude<keyof typeof known, 'help' | Optional>]: string
} & { readonly [name in Optional]?: string | undefined }

type Optional = 'store' | 'seed' | 'report' | 'logs'

const read = (values: Values): SoakOptions => ({
  minutes: number('--minutes', values.minutes, 0.2, 24 * 60),
  kinds: readKinds(values.faults),
  stores: readStores(values.store),
  seed: values.seed === undefined ? undefined : wholeNumber('--seed', values.seed, 0, 2 ** 32 - 1),
  nodes: wholeNumber('--nodes', values.nodes, 2, 8),
  clients: wholeNumber('--clients', values.clients, 6, 100),
  rate: number('--rate', values.rate, 1, 1_000),
  report: values.report,
  logs: values.logs,
})

const number = (name: string, text: string, min: number, max: number): number => {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new BadOption(`${name} takes a number from ${min} to ${max}, not "${text}".`)
}

const wholeNumber = (name: string, text: string, min: number, max: number): number => {
  const value = number(name, text, min, max)
  if (Number.isInteger(value)) return value
  throw new BadOption(`${name} takes a whole number, not "${text}".`)
}

const readKinds = (text: string): readonly FaultKind[] => {
  if (text === 'all') return faultKinds
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const kind = faultKinds.find((each) => each === name.trim())
    if (kind !== undefined) return kind
    throw new BadOption(`--faults knows no "${name}": all, none, or some of ${faultKinds.join(', ')}.`)
  })
}

const readStores = (text: string | undefined): readonly StoreKind[] | undefined => {
  switch (text) {
    case undefined:
      return undefined
    case 'both':
      return ['dynalite', 'dynamodb-local']
    case 'dynalite':
    case 'dynamodb-local':
      return [text]
    default:
      throw new BadOption(`--store takes dynalite, dynamodb-local or both, not "${text}".`)
  }
}
