import { runScripts } from './run-scripts.ts'

const scripts = process.argv.slice(2)
if (scripts.length === 0) throw new Error('Name the scripts to run, for example: main.ts types lint')
const outcomes = await runScripts(scripts, '.', ({ script, passed, seconds, output }) => {
  if (output.trim()) console.log(output.trim())
  console.log(`${passed ? 'passed' : 'FAILED'}: ${script} (${seconds.toFixed(1)} s)\n`)
})
const failed = outcomes.filter(({ passed }) => !passed).map(({ script }) => script)
console.log(failed.length === 0 ? 'All checks passed' : `Failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
