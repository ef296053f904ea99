import { SignJWT } from 'jose'
import { parseOptions, usage } from './options.ts'

const { stdout, stderr, env, argv } = process

const parsed = parseOptions(argv.slice(2), env)
if (parsed.kind === 'options') {
  const { userId, name, rooms, roles, hours, secret } = parsed.options
  const claims = { rooms, ...(name !== undefined && { name }), ...(roles.length > 0 && { roles }) }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(`${hours} hours`)
    .sign(new TextEncoder().encode(secret))
  stdout.write(`${token}\n`)
} else if (parsed.problem === undefined) stdout.write(`${usage}\n`)
else {
  stderr.write(`${parsed.problem}\n\n${usage}\n`)
  process.exitCode = 2
}
