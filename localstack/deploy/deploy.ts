import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { readAuthSettings } from '../../adapters/settings/auth.ts'
import { type Environment, readSettings, SettingsError, url } from '../../adapters/settings/read-settings.ts'

/** Result of a deployment. */
export type Deployed = {
  /** WebSocket URL as CloudFormation reports it. */
  readonly socketUrl: string
  /** Secret that signs tokens; undefined if an issuer signs them. */
  readonly secret: string | undefined
}

/** Bootstraps LocalStack and deploys the stack to it. @throws DeployError; SettingsError for its own settings */
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

/** URL of the broker in the containers' network. RABBITMQ_URL of this machine does not apply there. */
const brokerUrl = 'amqp://guest:guest@rabbitmq:5672'

const requireLocalStack = async (endpoint: string): Promise<void> => {
  try {
    const { ok, status } = await fetch(new URL('/_localstack/health', endpoint), {
      signal: AbortSignal.timeout(5_000),
    })
    if (!ok)
      throw new DeployError(
        `LocalStack at ${endpoint} is not healthy: its health check answered ${status}. See its log.`,
      )
  } catch (error) {
    if (error instanceof DeployError) throw error
    // fetch throws only if no server answers.
    throw new DeployError(
      `LocalStack does not answer at ${endpoint}. Start it: docker compose -f localstack/compose.yml up --wait`,
      { cause: error },
    )
  }
}

/** Completes the settings of authentication with a random secret, and validates them before any request. */
const authenticationOf = (environment: Environment) => {
  const AUTH_SECRET = environment.AUTH_SECRET?.trim() || randomBytes(32).toString('base64url')
  const asked = { ...environment, AUTH_MODE: environment.AUTH_MODE?.trim() || 'secret', AUTH_SECRET }
  const { mode } = readAuthSettings(asked)
  if (mode === 'open') {
    throw new SettingsError(
      'Bad settings: AUTH_MODE must be secret (without AUTH_SECRET, a random one is created) or issuer: the stack has no open mode',
    )
  }
  return mode === 'issuer' ? {} : { AUTH_MODE: mode, AUTH_SECRET }
}

/** Variables that set the region: cdklocal ignores AWS variables that its allow list does not name. */
const regionVariables = (region: string) => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ENVAR_ALLOWLIST: 'AWS_REGION,AWS_DEFAULT_REGION',
})

const cdkLocal = async (args: readonly string[], env: Environment): Promise<void> => {
  const shell = process.platform === 'win32' // on Windows, commands of packages are scripts
  const child = spawn('cdklocal', [...args], { stdio: 'inherit', shell, env: { ...env } })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new DeployError(`cdklocal ${args[0]} failed.`)
}

/** Outputs by stack, as `cdk deploy --outputs-file` writes them. */
const OutputsSchema = v.record(v.string(), v.looseObject({ SocketUrl: v.string() }))

const readSocketUrl = async (file: string): Promise<string> => {
  const [outputs] = Object.values(v.parse(OutputsSchema, JSON.parse(await readFile(file, 'utf8'))))
  if (outputs === undefined) throw new DeployError('cdklocal deployed no stack.')
  return outputs.SocketUrl
}

/** Thrown when nothing was deployed. The message is one line that says what to do. */
export class DeployError extends Error {
  override readonly name = 'DeployError'
}

/**
 * Returns the URL at which LocalStack serves a WebSocket API, whose CloudFormation output names a host of AWS. Source:
 * docs.localstack.cloud, "API Gateway", "Accessing HTTP APIs via Local Domain Name". The name resolves to 127.0.0.1.
 */
export const localSocketUrl = (url: string): string => {
  const { hostname, pathname } = new URL(url)
  const [apiId] = hostname.split('.')
  return `ws://${apiId}.execute-api.localhost.localstack.cloud:4566${pathname}`
}
