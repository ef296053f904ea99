import { Duration } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Counter, Duration as DurationName } from '../../core/domain/metrics.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import { metricsNamespace } from '../functions/deployment.ts'
import type { Broker } from '../lanes/broker.ts'

const period = Duration.minutes(1)

/** Made of the log of the API, and not by a function. */
export const connectsFailedName = 'connect.failed'

export type ChatMetrics = {
  /** How often something happened. */
  readonly count: (counter: Counter) => Metric
  /** @param statistic such as `p99` */
  readonly duration: (name: DurationName, statistic: string) => Metric
  /** New connections that failed, and were not refused: the API's own log tells of them. */
  readonly connectsFailed: () => Metric
  /** New environments of a function. */
  readonly coldStarts: (chatFunction: ChatFunction) => Metric
}

/** What the functions of a deployment report. */
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

/** What Amazon MQ reports of a broker, which it knows by its name. */
export const brokerMetric = ({ name }: Broker, metricName: string): Metric =>
  new Metric({
    namespace: 'AWS/AmazonMQ',
    metricName,
    dimensionsMap: { Broker: name },
    statistic: 'Maximum',
    period,
    label: metricName,
  })

/** Jobs in a queue, those that a consumer has in hand among them. */
export const queueMetric = ({ name }: Broker, queue: string): Metric =>
  new Metric({
    namespace: 'AWS/AmazonMQ',
    metricName: 'MessageCount',
    dimensionsMap: { Broker: name, VirtualHost: '/', Queue: queue },
    statistic: 'Maximum',
    period,
    label: queue,
  })
