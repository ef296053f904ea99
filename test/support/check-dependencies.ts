import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { forbidden, options } from '../../.dependency-cruiser.ts'
import { folderCycles } from './folder-cycles.ts'

// Checks the dependency rules, and that no import cycle exists between folders. `npm run deps`

const folders = [
  'protocol',
  'core',
  'adapters',
  'lambdas',
  'gateway',
  'client',
  'web',
  'cli',
  'lib',
  'tools',
  'localstack',
  'test',
]

/** Modules and dependencies of the project. @throws Error if there are none, as with a parser that does not fit */
const cruised = async (): Promise<ICruiseResult> => {
  const { output } = await cruise(folders, { ...options, ruleSet: { forbidden }, validate: true })
  if (typeof output === 'string') throw new Error('dependency-cruiser returned text instead of a result.')
  const { totalCruised, totalDependenciesCruised } = output.summary
  if (!totalCruised || !totalDependenciesCruised) throw new Error('dependency-cruiser found no module.')
  return output
}

const { modules, summary } = await cruised()
const violations = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
const cycles = folderCycles(modules).map((cycle) => `folders import each other: ${cycle.join(' → ')}`)
for (const line of [...violations, ...cycles]) console.error(line)
if (violations.length + cycles.length > 0) process.exitCode = 1
else
  console.log(
    `${summary.totalCruised} modules, ${summary.totalDependenciesCruised} dependencies, no violation`,
  )
