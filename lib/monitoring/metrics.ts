import { Duration } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Counter, Duration as DurationName } from '../../core/domain/metrics.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import { connectsFailedName, metricsNamespace } from '../functions/deployment.ts'
import type { Broker } from '../lanes/broker.ts'

const period = Duration.minutes(1)

export type ChatMetrics = {
  /** Sum of a counter. */
  readonly count: (counter: Counter) => Metric
  /** Statistic of a duration, in ms. @param statistic such as `p99` */
  readonly duration: (name: DurationName, statistic: string) => Metric
  /** New connections that failed rather than being refused, counted in the API's access log. */
  readonly connectsFailed: () => Metric
  /** Number of cold starts of a function. */
  readonly coldStarts: (chatFunction: ChatFunction) => Metric
}

/** Metrics that the functions of a deployment report. */
export const chatMetricsOf = (serviceName: string): ChatMetrics => {
  const metric = (metricName: string, statistic: string, dimensions: Readonly<Record<string, string>> = {}) =>
    new Metric({
      namespace: metricsNamespace,
      metricName,
      dimensionsMap: { service: serviceName, ...dimensions },
      statistic,
      period,
    })
  return {
    count: (counter) => metric(counter, 'Sum').with({ label: counter }),
    duration: (name, statistic) => metric(name, statistic).with({ label: `${name} ${statistic}` }),
    connectsFailed: () => metric(connectsFailedName, 'Sum').with({ label: connectsFailedName }),
    coldStarts: (chatFunction) =>
      metric('ColdStart', 'Sum', { function_name: chatFunction.handler.functionName }).with({
        label: chatFunction.node.id,
      }),
  }
}

/** Metrics that Amazon MQ reports for a broker, by the broker's name. */
export const brokerMetric = ({ name }: Broker, metricName: string): Metric =>
  new Metric({
    namespace: 'AWS/AmazonMQ',
    metricName,
    dimensionsMap: { Broker: name },
    statistic: 'Maximum',
    period,
    label: metricName,
  })

/** Number of jobs in a queue, including those that a consumer holds unacknowledged. */
export const queueMetric = ({ name }: Broker, queue: string): Metric =>
  new Metric({
    namespace: 'AWS/AmazonMQ',
    metricName: 'MessageCount',
    dimensionsMap: { Broker: name, VirtualHost: '/', Queue: queue },
    statistic: 'Maximum',
    period,
    label: queue,
  })
