import { printUsage } from '../arguments.ts'
import { parseOptions, usage } from './options.ts'
import { signToken } from './sign-token.ts'

const { stdout, env, argv } = process

const parsed = parseOptions(argv.slice(2), env)
if (parsed.kind === 'options') {
  const { hours, secret, ...claims } = parsed.options
  stdout.write(`${await signToken(claims, secret, `${hours} hours`)}\n`)
} else process.exitCode = printUsage(usage, parsed)
