import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { eventually } from '../eventually.ts'
import { spawnScript } from './spawn-script.ts'

/** A folder for the embedded store, which goes with the test. */
export const dataFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The gateway as a process of its own, as `npm start` runs it. */
export const spawnGateway = (env: Readonly<Record<string, string>>) => {
  const gateway = spawnScript('gateway/main.ts', [], { ...process.env, ...env })
  const { child, errors } = gateway
  const url = () => /runs at (http:\S+)\//.exec(errors())?.[1]
  return {
    ...gateway,
    /** Its address, once it listens. */
    url: async () => {
      await eventually(() => url() !== undefined || child.exitCode !== null, 'the gateway to listen')
      const address = url()
      if (address === undefined) throw new Error(`The gateway ended: ${errors()}`)
      return address
    },
  }
}
