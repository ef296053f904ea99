import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import dynalite from 'dynalite'
import { Level } from 'level'
import { StartError } from '../settings/start-error.ts'

export type EmbeddedStore = {
  /** URL at which it answers DynamoDB's requests, on this machine only. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/**
 * Starts a DynamoDB within this process, which keeps its data in a folder.
 *
 * @throws StartError if another process uses the folder, or it cannot be written
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
 * dynalite notices a second process on its folder at that one's first request only, and dies of it. So a small
 * database beside it is held open: LevelDB's lock goes with its process, however that ends.
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
        ? `Another process uses the data folder ${folder}. End that one, or set DATA_DIR to another folder.`
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
