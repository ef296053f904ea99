import { startDynalite } from '../../support/servers/dynamodb-engines.ts'

// A dynalite as a process: it tells its parent where it is, and ends with it.

const { url } = await startDynalite()
process.on('disconnect', () => process.exit(0))
process.send?.(url)
