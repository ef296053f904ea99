import { cruise, type IReporterOutput } from 'dependency-cruiser'
import { forbidden, options } from '../../.dependency-cruiser.ts'

// The rules are worth nothing if the parser finds no module, which is how a version that does not fit shows itself.
const folders = [
  'protocol',
  'core',
  'adapters',
  'lambdas',
  'gateway',
  'client',
  'web',
  'lib',
  'tools',
  'cli',
  'localstack',
  'test',
]
const result: IReporterOutput = await cruise(folders, {
  ...options,
  ruleSet: { forbidden },
  validate: true,
  outputType: 'err',
})
const report = await cruise(folders, { ...options, ruleSet: { forbidden }, validate: true })
if (typeof report.output === 'string') throw new Error('dependency-cruiser gave text where a result was due')
const { totalCruised, totalDependenciesCruised } = report.output.summary
if (!totalCruised || !totalDependenciesCruised) throw new Error('dependency-cruiser found no module')
console.log(result.output)
process.exitCode = result.exitCode
