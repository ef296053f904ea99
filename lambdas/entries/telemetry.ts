import { makeTelemetry } from '../../adapters/powertools/telemetry.ts'

type Settings = {
  readonly SERVICE_NAME: string
  readonly METRICS_NAMESPACE: string
  readonly LOG_LEVEL: 'info' | 'warn' | 'error' | 'silent'
}

export const telemetryOf = ({
  SERVICE_NAME: service,
  METRICS_NAMESPACE: namespace,
  LOG_LEVEL: level,
}: Settings) => makeTelemetry({ service, namespace, level })
