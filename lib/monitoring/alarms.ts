import { Aws, Duration } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import { laneNames } from '../../core/domain/lanes.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { BrokerLanes } from '../lanes/broker-lanes.ts'
import { usableConnections } from '../settings/checks.ts'
import type { Alarms as AlarmSettings, AwsTarget } from '../settings/settings.ts'
import { brokerMetric, chatMetricsOf, queueMetric } from './metrics.ts'

type Props = {
  readonly deployment: Deployment
  readonly target: AwsTarget
  readonly lanes: BrokerLanes
  /** Functions for which a thrown error is a defect; `authorize` is left out, because it throws to refuse a token. */
  readonly functions: readonly ChatFunction[]
}

type Watch = {
  readonly id: string
  readonly description: string
  readonly metric: IMetric
  /** The alarm goes off above this value. */
  readonly most: number
  /** Number of consecutive minutes above the threshold. */
  readonly minutes: number
}

/** Jobs in a lane, for some minutes, above which an operator should look: the work of some seconds. */
const backlogJobs = 1_000

/** Alarms of a deployment, sent to the configured topic or e-mail address. */
export class Alarms extends Construct {
  private readonly action: IAlarmAction | undefined

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    this.action = props.target.alarms && new SnsAction(topicOf(this, props.target.alarms))
    for (const watch of watchesOf(props)) this.watch(watch)
  }

  private watch({ id, description, metric, most, minutes }: Watch): void {
    const alarm = new Alarm(this, id, {
      alarmDescription: description,
      metric,
      threshold: most,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      // A metric of rare events has no data while none happens.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    if (this.action) alarm.addAlarmAction(this.action)
  }
}

const watchesOf = ({ deployment, target, lanes, functions }: Props): readonly Watch[] => {
  const { count, connectsFailed } = chatMetricsOf(deployment.serviceName)
  const handlers = functions.map(({ handler }) => handler)
  const period = Duration.minutes(1)
  const sum = (metrics: readonly IMetric[]): IMetric =>
    new MathExpression({
      expression: 'SUM(METRICS())',
      usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
      period,
    })
  const sumOf = { statistic: 'Sum', period }
  return [
    {
      id: 'DeadLetters',
      description: 'Jobs were set aside: look at the dead letters, and in the log of deliver for the reason',
      metric: count('deadLettered'),
      most: 0,
      minutes: 1,
    },
    {
      id: 'DeadLetterQueue',
      description: 'Dead letters wait for somebody: whatever set them aside, the broker itself included',
      metric: queueMetric(lanes.broker, lanes.topology.deadLetterQueue),
      most: 0,
      minutes: 1,
    },
    {
      id: 'FailedConnects',
      description:
        'Connections cannot be made: the log of the API has the error, that of authorize or connect the cause',
      metric: connectsFailed(),
      most: 0,
      minutes: 1,
    },
    {
      id: 'Errors',
      description: 'Functions throw or run out of time: their logs say why',
      metric: sum(handlers.map((handler) => handler.metricErrors(sumOf))),
      most: 0,
      minutes: 1,
    },
    {
      id: 'Throttles',
      description: 'Functions are refused environments: raise their reservations or the quota of the account',
      metric: sum(handlers.map((handler) => handler.metricThrottles(sumOf))),
      most: 0,
      minutes: 3,
    },
    {
      id: 'PublishFailures',
      description: 'Messages could not be handed to the broker; their senders were told to try again',
      metric: count('broker.publishFailed'),
      most: 0,
      minutes: 3,
    },
    {
      id: 'BrokerConnections',
      description: 'The broker soon refuses connections: lower SEND_CONCURRENCY or take a larger one',
      metric: brokerMetric(lanes.broker, 'ConnectionCount'),
      most: usableConnections(target.brokerSize),
      minutes: 3,
    },
    ...laneNames(deployment.settings.laneCounts).map((lane) => ({
      id: `Backlog-${lane}`,
      description: `More comes into ${lane} than is delivered: look at how long deliver takes, or take more lanes`,
      metric: queueMetric(lanes.broker, lanes.topology.laneQueue(lane)),
      most: backlogJobs,
      minutes: 5,
    })),
  ]
}

const topicOf = (scope: Construct, alarms: AlarmSettings) => {
  if ('topicArn' in alarms) return Topic.fromTopicArn(scope, 'Topic', alarms.topicArn)
  const topic = new Topic(scope, 'Topic', { enforceSSL: true })
  topic.addSubscription(new EmailSubscription(alarms.email))
  // The policy that requires TLS replaces the default policy that admits the account's alarms.
  topic.grantPublish(
    new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  )
  return topic
}
