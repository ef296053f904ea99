import type { Reporter, TestCase, TestModule, TestProject, Vitest } from 'vitest/node'
import './requirements.ts'

type Counts = { passed: number; failed: number; skipped: number; ms: number }

/**
 * Prints, after everything else: each suite with its counts, what was skipped and why, and `N passed, N failed`.
 * Modules that fail to load and errors thrown outside a test count as failed.
 */
class Summary implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const suites = Map.groupBy(modules, ({ project }) => project.name)
    const counts = [...suites].map(([name, ofSuite]) => [name, countsOf(ofSuite)] as const)
    const sum = (of: (counts: Counts) => number) => counts.reduce((total, [, each]) => total + of(each), 0)
    const lines = [
      '',
      ...counts.map(([name, each]) => suiteLine(name, each)),
      ...skippedLines(modules),
      ...missingVariants(this.#vitest?.projects[0]),
      '',
      countsLine({
        passed: sum(({ passed }) => passed),
        failed: sum(({ failed }) => failed) + unhandledErrors.length,
        skipped: sum(({ skipped }) => skipped),
      }),
    ]
    // On exit, so that nothing (a coverage summary, a late log) comes after it.
    process.on('exit', () => process.stdout.write(`${lines.join('\n')}\n`))
  }
}

const countsOf = (modules: readonly TestModule[]): Counts => {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0, ms: 0 }
  for (const module of modules) {
    counts.failed += module.errors().length
    counts.ms += module.diagnostic().duration
    for (const test of module.children.allTests()) counts[outcomeOf(test)]++
  }
  return counts
}

const outcomeOf = (test: TestCase): 'passed' | 'failed' | 'skipped' => {
  const { state } = test.result()
  return state === 'passed' || state === 'skipped' ? state : 'failed'
}

const suiteLine = (name: string, { ms, ...counts }: Counts): string =>
  `${name.padEnd(12)} ${countsLine(counts)} (${(ms / 1000).toFixed(1)} s of test time)`

const countsLine = ({ passed, failed, skipped }: Omit<Counts, 'ms'>): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** Names each file with skipped tests and the program that they need. */
const skippedLines = (modules: readonly TestModule[]): readonly string[] =>
  modules.flatMap((module) => {
    const skipped = [...module.children.allTests('skipped')]
    const reasons = Map.groupBy(skipped, (test) => reasonOf(test))
    const path = module.relativeModuleId
    return [...reasons].map(([reason, tests]) => `skipped: ${tests.length} in ${path}: ${reason}`)
  })

const reasonOf = (test: TestCase): string => {
  const needed = neededBy(test)
  return needed === undefined ? 'left out by name or by the test itself' : `${needed} is not installed`
}

const neededBy = (test: TestCase): string | undefined => {
  for (let task: TestCase['parent'] | TestCase = test; task.type !== 'module'; task = task.parent) {
    const { needs } = task.meta()
    if (needs !== undefined) return needs
  }
  return undefined
}

/** Names the engines that no suite could be repeated on. */
const missingVariants = (project: TestProject | undefined): readonly string[] => {
  const { dynamoDbLocal, rabbitMq } = project?.getProvidedContext() ?? {}
  return [
    ...(dynamoDbLocal === null ? ['not repeated on DynamoDB Local: Java 17 or newer is not installed'] : []),
    ...(rabbitMq === null ? ['not repeated on RabbitMQ: it neither answers nor is installed'] : []),
  ]
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export.
export default Summary
