declare module 'dynalite' {
  import type { Server } from 'node:http'

  type Options = {
    /** Folder of the LevelDB that keeps the data; in memory without it. */
    readonly path?: string
    /** How long a table stays CREATING, in ms. */
    readonly createTableMs?: number
    readonly deleteTableMs?: number
    readonly updateTableMs?: number
  }

  /** A DynamoDB that is not yet listening. */
  const dynalite: (options?: Options) => Server
  export default dynalite
}
