import { parseOptions, usage } from './options.ts'
import { signToken } from './sign-token.ts'

const { stdout, stderr, env, argv } = process

const parsed = parseOptions(argv.slice(2), env)
if (parsed.kind === 'options') {
  const { hours, secret, ...claims } = parsed.options
  stdout.write(`${await signToken(claims, secret, `${hours} hours`)}\n`)
} else if (parsed.problem === undefined) stdout.write(`${usage}\n`)
else {
  stderr.write(`${parsed.problem}\n\n${usage}\n`)
  process.exitCode = 2
}
