import { fork } from 'node:child_process'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { endProcess } from '../../support/processes/end-process.ts'
import { startTcpProxy, type TcpProxy } from '../../support/sockets/tcp-proxy.ts'
import type { CrowdConfig, CrowdStatus, FromCrowd, ToCrowd } from './crowd-messages.ts'

/** Clients in a process of their own, apart from the gateways. */
export type Crowd = {
  readonly name: string
  /** The network of all its clients; each new connection goes to the next gateway in turn. */
  readonly network: TcpProxy
  readonly freeze: () => void
  readonly thaw: () => void
  /** Everybody writes from now on. */
  readonly begin: () => void
  /** Nothing new is written from now on. */
  readonly hush: () => void
  readonly status: () => Promise<CrowdStatus>
  /** Ends it in order; its journal is complete then. Rejects if it does not end in time. */
  readonly end: () => Promise<void>
  readonly journalFile: string
  readonly stop: () => Promise<void>
}

type Options = Omit<CrowdConfig, 'url'> & {
  readonly gateways: readonly string[]
  readonly logFile: string
  /** Called if it ends by itself: there is a defect, in the SDK or in the soak. */
  readonly onCrash: (error: Error) => void
}

const processFile = fileURLToPath(new URL('crowd-process.ts', import.meta.url))
/** A busy machine may take long to start it. */
const answerWithinMs = 120_000

/** Resolves once all but the one that comes late are in their rooms. */
export const startCrowd = async ({ gateways, logFile, onCrash, ...config }: Options): Promise<Crowd> => {
  const { name, journalFile } = config
  let turn = 0
  const network = await startTcpProxy(() => gateways[turn++ % gateways.length] ?? '')
  const log = openSync(logFile, 'a')
  const child = fork(
    processFile,
    [JSON.stringify({ ...config, url: network.url.replace(/^http/, 'ws') } satisfies CrowdConfig)],
    { stdio: ['ignore', log, log, 'ipc'], detached: true },
  )
  let ending = false
  child.on('exit', (code, signal) => {
    if (!ending) onCrash(new Error(`${name} ended with ${code ?? signal}: see ${logFile}`))
  })

  const say = (kind: ToCrowd['kind']) => void child.send({ kind } satisfies ToCrowd)
  const next = <Kind extends FromCrowd['kind']>(kind: Kind) =>
    new Promise<Extract<FromCrowd, { kind: Kind }>>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.off('message', listen)
        reject(new Error(`${name} did not answer within ${answerWithinMs} ms: see ${logFile}`))
      }, answerWithinMs)
      const listen = (message: FromCrowd) => {
        if (message.kind !== kind) return
        clearTimeout(timer)
        child.off('message', listen)
        resolve(message as Extract<FromCrowd, { kind: Kind }>)
      }
      child.on('message', listen)
    })
  const stop = async () => {
    ending = true
    await endProcess(child)
    await network.close()
  }
  try {
    await next('ready')
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name,
    network,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    begin: () => say('begin'),
    hush: () => say('hush'),
    status: () => {
      const answer = next('status')
      say('status')
      return answer
    },
    end: async () => {
      ending = true
      const answer = next('ended')
      say('end')
      await answer
    },
    journalFile,
    stop,
  }
}
