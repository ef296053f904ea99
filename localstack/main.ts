import { SettingsError } from '../adapters/settings/read-settings.ts'
import { makeTelemetry } from '../adapters/telemetry/console.ts'
import { readConfig } from './config.ts'
import { pollLanes } from './lane-poller.ts'

// Runs the lane poller as a process. Standard output carries the log only, one JSON object per line.

/** Returns a signal that the first SIGTERM or SIGINT aborts. A second one exits immediately. */
const stopOnSignals = (): AbortSignal => {
  const stop = new AbortController()
  const end = () => {
    if (stop.signal.aborted) process.exit(1)
    stop.abort()
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  return stop.signal
}

try {
  const config = readConfig(process.env)
  const telemetry = makeTelemetry({ level: config.logLevel })
  await pollLanes(config, { telemetry, stopping: stopOnSignals() })
  process.exit(0)
} catch (error) {
  // Problems that the user can fix take one line; defects show a stack trace.
  console.error(error instanceof SettingsError ? error.message : error)
  process.exit(1)
}
