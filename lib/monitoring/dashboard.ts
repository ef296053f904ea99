import { Stack } from 'aws-cdk-lib'
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  PeriodOverride,
} from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import { laneNames } from '../../core/domain/lanes.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { BrokerLanes } from '../lanes/broker-lanes.ts'
import { brokerMetric, chatMetricsOf, queueMetric } from './metrics.ts'

type Props = {
  readonly deployment: Deployment
  readonly lanes: BrokerLanes
  readonly functions: readonly ChatFunction[]
}

/** Dashboard for operators, in the order of a message's path. */
export class Dashboard extends Construct {
  readonly url: string

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    const { dashboardName } = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: props.deployment.serviceName,
      periodOverride: PeriodOverride.INHERIT,
      widgets: [...rowsOf(props)].map((row) => [...row]),
    })
    const { region } = Stack.of(this)
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards:name=${dashboardName}`
  }
}

const rowsOf = ({ deployment, lanes, functions }: Props): readonly (readonly IWidget[])[] => {
  const { count, duration, connectsFailed, coldStarts } = chatMetricsOf(deployment.serviceName)
  const queues = laneNames(deployment.settings.laneCounts).map((lane) => lanes.topology.laneQueue(lane))
  const { broker } = lanes
  const handlers = functions.map(({ handler }) => handler)
  return [
    [
      graph('Connections', [
        count('connection.opened'),
        count('connection.closed'),
        count('connection.refused'),
        connectsFailed(),
      ]),
      graph('Messages', [count('message.stored'), count('message.duplicate')]),
      graph('Deliveries', [count('post.sent'), count('room.split')]),
    ],
    [
      graph(
        'Time to deliver, ms',
        ['p50', 'p99'].map((statistic) => duration('delivery.ms', statistic)),
      ),
      graph('Gone, throttled, failed', [count('post.gone'), count('post.throttled'), count('post.failed')]),
      graph('Dead letters', [count('deadLettered'), queueMetric(broker, lanes.topology.deadLetterQueue)]),
    ],
    [
      graph(
        'Jobs in the lanes',
        queues.map((queue) => queueMetric(broker, queue)),
      ),
      graph('Broker', [
        brokerMetric(broker, 'ConnectionCount'),
        brokerMetric(broker, 'SystemCpuUtilization'),
      ]),
      graph('Trouble with the broker', [
        count('broker.connectionLost'),
        count('broker.publishRetried'),
        count('broker.publishFailed'),
      ]),
    ],
    [
      graph(
        'Errors of functions',
        handlers.map((handler) => handler.metricErrors()),
      ),
      graph(
        'Throttled functions',
        handlers.map((handler) => handler.metricThrottles()),
      ),
      graph('Cold starts', functions.map(coldStarts)),
    ],
    [warningsOf(functions)],
  ]
}

const warningsOf = (functions: readonly ChatFunction[]): LogQueryWidget =>
  new LogQueryWidget({
    title: 'What the functions warn of',
    logGroupNames: functions.map(({ logGroupName }) => logGroupName),
    queryLines: [
      'fields @timestamp, level, message, error.message, error.cause.message, @log',
      'filter level in ["WARN", "ERROR"]',
      'sort @timestamp desc',
      'limit 50',
    ],
    width: 24,
    height: 8,
  })

const graph = (title: string, left: IMetric[]): GraphWidget =>
  new GraphWidget({ title, left, width: 8, height: 6 })
