import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { readAuthSettings } from '../../adapters/settings/auth.ts'
import { type Environment, readSettings, SettingsError, url } from '../../adapters/settings/read-settings.ts'

export type Deployed = {
  /** As CloudFormation tells it. */
  readonly socketUrl: string
  /** What tokens are signed with; undefined where an issuer makes them. */
  readonly secret: string | undefined
}

/** Bootstraps LocalStack and deploys the stack to it. @throws DeployError, and SettingsError for what it needs itself */
export const deploy = async (environment: Environment): Promise<Deployed> => {
  const { AWS_ENDPOINT_URL, AWS_REGION: region } = readSettings(DeploySchema, environment)
  const authentication = authenticationOf(environment)
  await requireLocalStack(AWS_ENDPOINT_URL)
  const run = (...args: readonly string[]) =>
    cdkLocal(args, {
      ...environment,
      ...authentication,
      ...regionVariables(region),
      TARGET: 'localstack',
      RABBITMQ_URL: brokerUrl,
    })
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-deploy-'))
  try {
    const outputsFile = join(folder, 'outputs.json')
    const target = ['-c', 'target=localstack']
    await run('bootstrap', `aws://000000000000/${region}`, ...target)
    await run('deploy', ...target, '--require-approval', 'never', '--outputs-file', outputsFile)
    return { socketUrl: await readSocketUrl(outputsFile), secret: authentication.AUTH_SECRET }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const DeploySchema = v.object({
  AWS_ENDPOINT_URL: v.optional(url('http:', 'https:'), 'http://localhost:4566'),
  AWS_REGION: v.optional(v.string(), 'us-east-1'),
})

/** As the functions' containers know it, whatever broker this machine's environment names for other purposes. */
const brokerUrl = 'amqp://guest:guest@rabbitmq:5672'

const requireLocalStack = async (endpoint: string): Promise<void> => {
  try {
    const { ok, status } = await fetch(new URL('/_localstack/health', endpoint), {
      signal: AbortSignal.timeout(5_000),
    })
    if (!ok) throw new DeployError(`LocalStack at ${endpoint} is not well: ${status}`)
  } catch (error) {
    if (error instanceof DeployError) throw error
    // Whatever fetch throws, it says that nobody answers.
    throw new DeployError(
      `LocalStack does not answer at ${endpoint}. Start it: docker compose -f localstack/compose.yml up --wait`,
      { cause: error },
    )
  }
}

/** For a machine of one's own, a secret that is made up will do. What is bad is told before anything is asked for. */
const authenticationOf = (environment: Environment) => {
  const AUTH_SECRET = environment.AUTH_SECRET?.trim() || randomBytes(32).toString('base64url')
  const asked = { ...environment, AUTH_MODE: environment.AUTH_MODE?.trim() || 'secret', AUTH_SECRET }
  const { mode } = readAuthSettings(asked)
  if (mode === 'open') {
    throw new SettingsError(
      'Bad settings: AUTH_MODE must be secret, which makes one up where AUTH_SECRET is missing, or issuer: the stack takes no open mode',
    )
  }
  return mode === 'issuer' ? {} : { AUTH_MODE: mode, AUTH_SECRET }
}

/** cdklocal takes nothing of AWS's from the environment but what its list names. */
const regionVariables = (region: string) => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ENVAR_ALLOWLIST: 'AWS_REGION,AWS_DEFAULT_REGION',
})

const cdkLocal = async (args: readonly string[], env: Environment): Promise<void> => {
  const shell = process.platform === 'win32' // where the commands of packages are scripts
  const child = spawn('cdklocal', [...args], { stdio: 'inherit', shell, env: { ...env } })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new DeployError(`cdklocal ${args[0]} failed.`)
}

/** By stack, as `cdk deploy --outputs-file` writes them. */
const OutputsSchema = v.record(v.string(), v.looseObject({ SocketUrl: v.string() }))

const readSocketUrl = async (file: string): Promise<string> => {
  const [outputs] = Object.values(v.parse(OutputsSchema, JSON.parse(await readFile(file, 'utf8'))))
  if (outputs === undefined) throw new DeployError('cdklocal deployed no stack.')
  return outputs.SocketUrl
}

/** Why nothing was deployed, in one line that says what to do. */
export class DeployError extends Error {
  override readonly name = 'DeployError'
}

/**
 * Where LocalStack serves a WebSocket API, whatever URL of AWS's its CloudFormation told: docs.localstack.cloud, "API
 * Gateway", "Accessing HTTP APIs via Local Domain Name". The name resolves to 127.0.0.1 everywhere.
 */
export const localSocketUrl = (url: string): string => {
  const { hostname, pathname } = new URL(url)
  const [apiId] = hostname.split('.')
  return `ws://${apiId}.execute-api.localhost.localstack.cloud:4566${pathname}`
}
