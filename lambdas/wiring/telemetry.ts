import type { LogLevel } from '../../adapters/settings/read-settings.ts'
import { makeTelemetry } from '../../adapters/telemetry/powertools.ts'

type Settings = {
  readonly SERVICE_NAME: string
  readonly METRICS_NAMESPACE: string
  readonly LOG_LEVEL: LogLevel
}

/** Creates the telemetry of a function. */
export const telemetryOf = ({
  SERVICE_NAME: service,
  METRICS_NAMESPACE: namespace,
  LOG_LEVEL: level,
}: Settings) => makeTelemetry({ service, namespace, level })
