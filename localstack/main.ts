import { SettingsError } from '../adapters/settings/read-settings.ts'
import { makeTelemetry } from '../adapters/telemetry/console.ts'
import { readConfig } from './config.ts'
import { pollLanes } from './lane-poller.ts'

// The lane poller as a process. Standard output is for the log alone, one JSON object a line.

/** Aborted on the first SIGTERM or SIGINT; a second one ends the process at once. */
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
  // One line for what the user can mend; a defect shows where it is.
  console.error(error instanceof SettingsError ? error.message : error)
  process.exit(1)
}
