import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { endProcess } from '../../support/processes/end-process.ts'
import { freePort } from '../../support/servers/rabbitmq-server.ts'
import { type AmqpProxy, startAmqpProxy } from '../../support/sockets/amqp-proxy.ts'
import { type StoreProxy, startStoreProxy } from '../../support/sockets/store-proxy.ts'
import { couldNotStart, type FromNode, type NodeSettings, noNodeSettings } from './node-messages.ts'

/** A gateway in a process of its own, that can be killed, frozen, and told to go wrong. */
export type GatewayNode = {
  readonly name: string
  readonly url: string
  /** Its network to the broker. */
  readonly amqp: AmqpProxy
  /** Its network to the store. */
  readonly store: StoreProxy
  /** Changes settings, now and for all its lives; resolves once they hold, or will when it runs again. */
  readonly set: (changes: Partial<NodeSettings>) => Promise<void>
  readonly freeze: () => void
  readonly thaw: () => void
  readonly kill: () => Promise<void>
  /** Starts it, at the same address; resolves once it serves. */
  readonly start: () => Promise<void>
  /** How often it has ended by itself. */
  readonly crashes: () => number
  /** How often its own faults have happened, over all its lives, but for the last second of each. */
  readonly faultCounts: () => Readonly<Record<string, number>>
  readonly logFile: string
  /** Ends it for good. */
  readonly stop: () => Promise<void>
}

type Options = {
  readonly name: string
  readonly brokerUrl: string
  readonly storeUrl: string
  /** Environment of the gateway, without the addresses. */
  readonly env: Readonly<Record<string, string>>
  readonly maxRunEntries: number | undefined
  readonly logFile: string
}

const processFile = fileURLToPath(new URL('node-process.ts', import.meta.url))
/** A node that starts while its broker is away ends, and is started again, as an orchestrator would. */
const startWithinMs = 90_000

export const makeNode = async (options: Options): Promise<GatewayNode> => {
  const { name, logFile } = options
  const url = `http://127.0.0.1:${await freePort()}`
  const [amqp, store] = [await startAmqpProxy(options.brokerUrl), await startStoreProxy(options.storeUrl)]
  const launch = makeLaunch(options, { url, amqp, store })
  const lives: Life[] = []
  let settings = noNodeSettings
  let wanted = false
  let crashes = 0

  const start = async (): Promise<void> => {
    wanted = true
    const deadline = Date.now() + startWithinMs
    while (wanted) {
      const life = launch(settings)
      lives.push(life)
      const outcome = await Promise.race([life.ready, life.ended])
      if (outcome === 'ready') return watch(life)
      if (wanted && outcome !== couldNotStart) crashes++
      if (Date.now() > deadline) throw new Error(`${name} could not be started: see ${logFile}`)
      await delay(500)
    }
  }
  const watch = (life: Life) => {
    const startAgain = async () => {
      await life.ended
      if (!wanted) return
      crashes++
      await start()
    }
    // If it cannot, nobody is left to be told but the run's end, which counts the crash.
    startAgain().catch((error) => console.error(error))
  }
  const kill = async (): Promise<void> => {
    wanted = false
    const life = lives.at(-1)
    if (life) await endProcess(life.child)
  }
  return {
    name,
    url,
    amqp,
    store,
    set: async (changes) => {
      settings = { ...settings, ...changes }
      await lives.at(-1)?.tell(settings)
    },
    freeze: () => void lives.at(-1)?.child.kill('SIGSTOP'),
    thaw: () => void lives.at(-1)?.child.kill('SIGCONT'),
    kill,
    start,
    crashes: () => crashes,
    faultCounts: () => sum(lives.map(({ counts }) => counts())),
    logFile,
    stop: async () => {
      await kill()
      await Promise.all([amqp.close(), store.close()])
    },
  }
}

/** One process of a node, from its start to its end. */
type Life = {
  readonly child: ChildProcess
  readonly ready: Promise<'ready'>
  /** With its exit code; null if it was killed. */
  readonly ended: Promise<number | null>
  readonly tell: (settings: NodeSettings) => Promise<void>
  readonly counts: () => Readonly<Record<string, number>>
}

type Addresses = Pick<GatewayNode, 'url' | 'amqp' | 'store'>

/** A frozen process takes it when it wakes: it is not waited for. */
const answerWithinMs = 1_000

const makeLaunch = ({ env, maxRunEntries, logFile }: Options, { url, amqp, store }: Addresses) => {
  const log = openSync(logFile, 'a')
  const addresses = {
    PORT: new URL(url).port,
    MANAGEMENT_ENDPOINT: `${url}/local`,
    RABBITMQ_URL: amqp.url,
    DYNAMODB_ENDPOINT: store.url,
  }
  return (settings: NodeSettings): Life => {
    const config = { env: { ...env, ...addresses }, maxRunEntries, settings }
    // Apart from this process's group: what Ctrl+C reaches is this process, which ends the others.
    const child = fork(processFile, [JSON.stringify(config)], {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    })
    const ready = Promise.withResolvers<'ready'>()
    let answered = Promise.withResolvers<void>()
    let counts: Readonly<Record<string, number>> = {}
    child.on('message', (message: FromNode) => {
      if (message.kind === 'counts') counts = message.counts
      else if (message.kind === 'ready') ready.resolve('ready')
      else answered.resolve()
    })
    return {
      child,
      ready: ready.promise,
      ended: once(child, 'exit').then(([code]) => code as number | null),
      counts: () => counts,
      tell: async (changed) => {
        if (!child.connected) return
        answered = Promise.withResolvers()
        child.send(changed, () => undefined) // killed meanwhile: its next life begins with them
        await Promise.race([answered.promise, delay(answerWithinMs)])
      },
    }
  }
}

const sum = (counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> => {
  const total: Record<string, number> = {}
  for (const [name, count] of counts.flatMap((each) => Object.entries(each))) {
    total[name] = (total[name] ?? 0) + count
  }
  return total
}
