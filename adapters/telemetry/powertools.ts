import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Telemetry } from '../../core/ports.ts'
import { printable } from './log-data.ts'

type Options = {
  /** Name under which logs and metrics of the deployment are found. */
  readonly service: string
  /** CloudWatch namespace of the metrics. */
  readonly namespace: string
  readonly level: 'info' | 'warn' | 'error' | 'silent'
}

/** Fields of Lambda's context in logs and metrics. */
type InvocationContext = { readonly functionName?: string; readonly awsRequestId: string }

type PowertoolsTelemetry = {
  readonly telemetry: Telemetry
  /**
   * Wraps a handler: log lines contain the request id, a thrown error is logged, and metrics reach CloudWatch at the end of
   * each invocation.
   *
   * @param isExpected tells which thrown errors are normal and not logged. Default: none
   */
  readonly observed: <Event, Context extends InvocationContext, Result>(
    handler: (event: Event, context: Context) => Promise<Result>,
    isExpected?: (error: unknown) => boolean,
  ) => (event: Event, context: Context) => Promise<Result>
}

/**
 * Creates telemetry on Powertools for AWS Lambda: one JSON object per line, and metrics in CloudWatch's embedded format.
 * Secrets and content are left out.
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
          // Lambda's own log line does not contain the cause.
          if (!isExpected(error)) telemetry.error('The invocation failed', error)
          throw error
        } finally {
          // Powertools warns about invocations without metrics, which are normal here.
          if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
        }
      },
  }
}
