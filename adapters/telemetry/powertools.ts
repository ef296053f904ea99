import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Telemetry } from '../../core/ports.ts'
import { printable } from './log-data.ts'

type Options = {
  /** Name under which the deployment's logs and metrics are found. */
  readonly service: string
  /** CloudWatch namespace of the metrics. */
  readonly namespace: string
  readonly level: 'info' | 'warn' | 'error' | 'silent'
}

/** Of Lambda's context, what logs and metrics bear. */
type InvocationContext = { readonly functionName?: string; readonly awsRequestId: string }

type PowertoolsTelemetry = {
  readonly telemetry: Telemetry
  /**
   * Has each invocation's lines bear its request id, logs what it throws, and hands its metrics to CloudWatch when it
   * ends, however it does.
   *
   * @param isExpected what is thrown as a matter of course, and not logged; default: nothing
   */
  readonly observed: <Event, Context extends InvocationContext, Result>(
    handler: (event: Event, context: Context) => Promise<Result>,
    isExpected?: (error: unknown) => boolean,
  ) => (event: Event, context: Context) => Promise<Result>
}

/**
 * Logs one JSON object a line, and metrics in CloudWatch's embedded format, with Powertools for AWS Lambda. Secrets and
 * content are left out: see `printable`.
 */
export const makeTelemetry = ({ service, namespace, level }: Options): PowertoolsTelemetry => {
  const logger = new Logger({ serviceName: service, logLevel: level === 'silent' ? 'SILENT' : level })
  const metrics = new Metrics({ serviceName: service, namespace })
  const telemetry: Telemetry = {
    info: (message, fields = {}) => logger.info(message, printable(fields)),
    warn: (message, fields = {}) => logger.warn(message, printable(fields)),
    error: (message, error, fields = {}) => logger.error(message, printable({ ...fields, error })),
    count: (metric, value = 1) => {
      metrics.addMetric(metric, 'Count', value)
    },
    measure: (metric, ms) => {
      metrics.addMetric(metric, 'Milliseconds', ms)
    },
  }
  return {
    telemetry,
    observed:
      (handler, isExpected = () => false) =>
      async (event, context) => {
        logger.appendKeys({ requestId: context.awsRequestId })
        metrics.captureColdStartMetric(context.functionName)
        try {
          return await handler(event, context)
        } catch (error) {
          // Lambda's own line has no cause.
          if (!isExpected(error)) telemetry.error('The invocation failed', error)
          throw error
        } finally {
          // Powertools warns of an invocation without metrics, which is an everyday thing here.
          if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
        }
      },
  }
}
