import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import dynalite from 'dynalite'
import { Level } from 'level'
import { StartError } from '../settings/start-error.ts'

/** A DynamoDB in this process. */
export type EmbeddedStore = {
  /** URL of the DynamoDB API, reachable from this machine only. */
  readonly url: string
  /** Closes the store and releases its folder. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a DynamoDB in this process that keeps its data in a folder.
 *
 * @throws StartError if another process uses the folder or the folder cannot be written
 */
export const startEmbeddedStore = async (folder: string): Promise<EmbeddedStore> => {
  const unlock = await lock(folder)
  const server = dynalite({ path: join(folder, 'dynamodb'), createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await unlock()
    },
  }
}

/**
 * Locks the folder. dynalite notices a second process only at that process's first request, and dies of it. A small
 * LevelDB beside it serves as the lock: it is released when the process ends, for whatever reason.
 */
const lock = async (folder: string): Promise<() => Promise<void>> => {
  const holder = new Level(join(folder, 'lock'))
  try {
    await mkdir(folder, { recursive: true })
    await holder.open()
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    throw new StartError(
      code === 'LEVEL_LOCKED'
        ? `Another process uses the data folder ${folder}. End that process, or set DATA_DIR to another folder.`
        : `The data folder ${folder} cannot be used (${code}). Set DATA_DIR to a folder that can be written.`,
      error,
    )
  }
  return () => holder.close()
}

const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  return codeOf(error.cause) ?? ('code' in error && typeof error.code === 'string' ? error.code : undefined)
}
