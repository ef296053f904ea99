import { printUsage } from '../arguments.ts'
import { parseOptions, usage } from './options.ts'
import { runSmoke } from './run-smoke.ts'

const { stdout, stderr, env, argv } = process

const parsed = parseOptions(argv.slice(2), env)
if (parsed.kind === 'options') {
  const wentWell = await runSmoke(parsed.options, {
    tell: (line) => stdout.write(`${line}\n`),
    complain: (line) => stderr.write(`${line}\n`),
  })
  process.exitCode = wentWell ? 0 : 1
} else process.exitCode = printUsage(usage, parsed)
