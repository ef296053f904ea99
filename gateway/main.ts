import { SettingsError } from '../adapters/settings/read-settings.ts'
import type { Gateway } from './server.ts'
import { readConfig } from './settings/config.ts'
import { StartError } from './settings/start-error.ts'
import { startChat } from './start.ts'

// Standard output carries the log only, one JSON object per line. Messages for people go to standard error.

/** Drains on the first SIGTERM or SIGINT and exits immediately on the second. */
const endOnSignals = (gateway: Gateway): void => {
  let ending = false
  const end = (signal: NodeJS.Signals) => {
    if (ending) process.exit(1)
    ending = true
    console.error(
      `${signal}: draining (work in flight finishes, clients are asked to reconnect). Repeat it to exit immediately.`,
    )
    gateway.drain().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}

/** Exits with one line for problems that the user can fix, and with a stack trace for defects. */
const fail = (error: unknown): never => {
  const expected = error instanceof SettingsError || error instanceof StartError
  console.error(expected ? error.message : error)
  process.exit(1)
}

try {
  const gateway = await startChat(readConfig(process.env))
  endOnSignals(gateway)
  console.error(
    `Simple Chat runs at ${gateway.url.replace('127.0.0.1', 'localhost')}/ (press Ctrl+C to stop)`,
  )
} catch (error) {
  fail(error)
}
