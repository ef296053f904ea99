import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { connect } from 'amqplib'
import { isInstalled } from './installed.ts'

export type RabbitMqServer = {
  readonly url: string
  /** Ends it as a power cut would. */
  readonly kill: () => Promise<void>
  /** Starts it again after `kill`, with the data it had. */
  readonly start: () => Promise<void>
  /** Runs rabbitmqctl against it. */
  readonly control: (...args: readonly string[]) => Promise<void>
  /** Ends it and removes its data. */
  readonly remove: () => Promise<void>
}

/** A broker of a test's own, on a free port, which it may kill. Needs `rabbitmq-server` on the path. */
export const startRabbitMqServer = async (): Promise<RabbitMqServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-rabbitmq-'))
  const [port, distributionPort] = [await freePort(), await freePort()]
  const url = `amqp://guest:guest@127.0.0.1:${port}`
  const node = `chat${port}@localhost`
  const env = {
    ...process.env,
    // Debian's wrappers in /usr/sbin change to a user who may not write to this folder; its settings name a port.
    PATH: `/usr/lib/rabbitmq/bin:${process.env.PATH}`,
    RABBITMQ_CONFIG_FILE: '/dev/null',
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: folder,
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
  }
  let server: ChildProcess | undefined

  const start = async () => {
    server = spawn('rabbitmq-server', {
      // A group of its own: the shell script that starts Erlang does not pass signals on.
      detached: true,
      stdio: 'ignore',
      env,
    })
    await answers(url, server)
  }
  const kill = async () => {
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    process.kill(-server.pid, 'SIGKILL')
    await ended
  }
  const control = async (...args: readonly string[]) => {
    await promisify(execFile)('rabbitmqctl', ['-n', node, ...args], { env })
  }
  const remove = async () => {
    await kill()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  await start()
  return { url, kill, start, control, remove }
}

/** Whether a test may start a broker of its own. In CI a missing one is an error, here as in the global set-up. */
export const canStartRabbitMq = async (): Promise<boolean> =>
  process.env.CI !== undefined || isInstalled('rabbitmq-server')

/** Whether a broker answers at this URL. */
export const brokerAnswers = async (url: string): Promise<boolean> => {
  try {
    const connection = await connect(url, { timeout: 2000 })
    connection.on('error', () => undefined) // it is closed right away; what happens to it then is of no interest
    await connection.close()
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port was given')
  return address.port
}

const answers = async (url: string, server: ChildProcess): Promise<void> => {
  const deadline = Date.now() + 40_000
  while (!(await brokerAnswers(url))) {
    if (server.exitCode !== null)
      throw new Error(`rabbitmq-server ended with ${server.exitCode} while it started`)
    if (Date.now() > deadline) throw new Error(`rabbitmq-server did not answer at ${url} within 40 s`)
    await delay(200)
  }
}
