import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { endProcess } from './end-process.ts'
import { eventually } from './eventually.ts'

/** A folder for the embedded store, which goes with the test. */
export const dataFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The gateway as a process of its own, as `npm start` runs it; it is killed when the test ends. */
export const spawnGateway = (env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ['gateway/main.ts'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  onTestFinished(() => endProcess(child))
  const url = () => /is at (http:\S+)\//.exec(errors)?.[1]
  return {
    child,
    output: () => output,
    errors: () => errors,
    exited: once(child, 'exit').then(([code]) => code as number | null),
    /** Its address, once it listens. */
    url: async () => {
      await eventually(() => url() !== undefined || child.exitCode !== null, 'the gateway to listen', 20_000)
      const address = url()
      if (address === undefined) throw new Error(`The gateway ended: ${errors}`)
      return address
    },
  }
}
