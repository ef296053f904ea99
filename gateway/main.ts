import { SettingsError } from '../adapters/settings/read-settings.ts'
import type { Gateway } from './server.ts'
import { readConfig } from './settings/config.ts'
import { StartError } from './settings/start-error.ts'
import { startChat } from './start.ts'

// Standard output is for the log alone, one JSON object a line; what a person reads goes to standard error.

/** Ends on the first SIGTERM or SIGINT in order, and on the second at once. */
const endOnSignals = (gateway: Gateway): void => {
  let ending = false
  const end = (signal: NodeJS.Signals) => {
    if (ending) process.exit(1)
    ending = true
    console.error(
      `${signal}: telling clients to reconnect, finishing what is in hand. Once more ends it at once.`,
    )
    gateway.drain().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}

/** One line for what the user can mend; a defect shows where it is. */
const fail = (error: unknown): never => {
  const expected = error instanceof SettingsError || error instanceof StartError
  console.error(expected ? error.message : error)
  process.exit(1)
}

try {
  const gateway = await startChat(readConfig(process.env))
  endOnSignals(gateway)
  console.error(`Simple Chat is at ${gateway.url.replace('127.0.0.1', 'localhost')}/ (Ctrl+C ends it)`)
} catch (error) {
  fail(error)
}
