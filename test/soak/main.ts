import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasJava17, isInstalled } from '../support/servers/installed.ts'
import { parseOptions, type SoakOptions, usage } from './options.ts'
import { jsonOf, problemsOf, summaryOf, tableOf } from './report.ts'
import { runSoak, type SoakRun } from './soak.ts'
import type { StoreKind } from './world.ts'

// The verdict goes to standard output; what happens on the way, to standard error.

/** Problems that are shown; the report has all of them. */
const shown = 20

const soak = async (options: SoakOptions, signal: AbortSignal): Promise<number> => {
  if (!(await isInstalled('rabbitmq-server'))) throw new Error('There is no rabbitmq-server to run it on.')
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32)
  const stores = options.stores ?? ((await hasJava17()) ? both : [both[0]])
  const minutes = options.minutes / stores.length
  const folder = options.logs ?? (await mkdtemp(join(tmpdir(), 'simple-chat-soak-')))
  const runs: SoakRun[] = []
  console.log(`Seed ${seed}; logs and journals are in ${folder}`)
  for (const store of stores) {
    const ofStore = join(folder, store)
    await mkdir(ofStore, { recursive: true })
    const tell = makeTell(store)
    const run = await runSoak({ ...options, store, seed, minutes, folder: ofStore, tell, signal })
    runs.push(run)
    console.log(`\n${tableOf(run)}\n\n${summaryOf(run)}`)
    tellProblems(run, { ...options, minutes, seed })
  }
  if (options.report !== undefined) await writeFile(options.report, reportOf(options, seed, runs))
  const isGood = runs.every((run) => problemsOf(run).length === 0)
  if (isGood && options.logs === undefined) await rm(folder, { recursive: true })
  else console.log(`\nLogs and journals: ${folder}`)
  return isGood ? 0 : 1
}

/** Aborted by the first SIGINT or SIGTERM, so that nothing that was started is left behind; the second ends it at once. */
const endOnSignals = (): AbortSignal => {
  const ending = new AbortController()
  const end = (name: NodeJS.Signals) => {
    if (ending.signal.aborted) process.exit(2)
    ending.abort(new Error(`Ended by ${name} before its time.`))
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  return ending.signal
}

const both = ['dynalite', 'dynamodb-local'] as const satisfies StoreKind[]

const makeTell = (store: StoreKind) => {
  const startedMs = performance.now()
  return (line: string) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.error(`${store} ${seconds.padStart(6)} s  ${line}`)
  }
}

const tellProblems = (run: SoakRun, options: SoakOptions & { readonly seed: number }): void => {
  const problems = problemsOf(run)
  if (problems.length === 0) {
    console.log('Nothing was lost, doubled or out of order.')
    return
  }
  const { minutes, kinds, seed, nodes, clients, rate } = options
  console.log(`\n${problems.length} problems:\n${problems.slice(0, shown).join('\n')}`)
  console.log(
    `\nThe same faults again: npm run soak -- --minutes ${minutes} --faults ${kinds.join(',') || 'none'} --store ${run.store} --seed ${seed} --nodes ${nodes} --clients ${clients} --rate ${rate}`,
  )
}

const reportOf = ({ report, ...options }: SoakOptions, seed: number, runs: readonly SoakRun[]): string =>
  JSON.stringify({ ...options, seed, runs: runs.map(jsonOf) }, undefined, 2)

const parsed = parseOptions(process.argv.slice(2))
if (parsed.kind === 'usage') console.log(usage)
else if (parsed.kind === 'problem') {
  console.error(parsed.problem)
  process.exit(2)
} else {
  const signal = endOnSignals()
  try {
    process.exit(await soak(parsed.options, signal))
  } catch (error) {
    console.error(error === signal.reason ? signal.reason.message : error)
    process.exit(2)
  }
}
