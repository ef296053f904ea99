import { Duration } from 'aws-cdk-lib'
import {
  CfnEventSourceMapping,
  EventSourceMapping,
  SourceAccessConfigurationType,
} from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { isBulkLane, type Lane, laneNames } from '../../core/domain/lanes.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { BrokerLanes } from '../lanes/broker-lanes.ts'
import { ReaderTeardown } from './reader-teardown.ts'

type Props = { readonly deployment: Deployment; readonly lanes: BrokerLanes; readonly deliver: ChatFunction }

/** Most records of a batch, as in the gateway's poller: Lambda's default, and more of the small jobs of a bulk lane. */
const batchSizeOf = (lane: Lane): number => (isBulkLane(lane) ? 1_000 : 100)

/**
 * Has Lambda read every lane and hand it to `deliver`: a mapping for each queue, which invokes the function once at a
 * time, so that a room stays in order and lanes run beside each other.
 */
export class LaneReaders extends Construct {
  constructor(scope: Construct, id: string, { deployment, lanes, deliver }: Props) {
    super(scope, id)
    allowReading(deliver, lanes)
    const teardown = new ReaderTeardown(this, 'Teardown', { deployment, target: deliver.handler })
    for (const lane of laneNames(deployment.settings.laneCounts)) {
      const queue = lanes.topology.laneQueue(lane)
      // By the queue's name: a mapping cannot be moved to another queue.
      const reader = new EventSourceMapping(this, queue, {
        target: deliver.handler,
        eventSourceArn: lanes.broker.arn,
        batchSize: batchSizeOf(lane),
        // A chat does not wait for more to come: without it, Lambda waits for half a second.
        maxBatchingWindow: Duration.seconds(0),
        sourceAccessConfigurations: [
          { type: SourceAccessConfigurationType.BASIC_AUTH, uri: lanes.secretArn },
        ],
      })
      queuesOf(reader, [queue])
      // Lambda tries queue and permissions when the mapping is made.
      reader.node.addDependency(lanes.declared, deliver.role)
      teardown.see(reader, deliver.role)
    }
  }
}

const queuesOf = (reader: EventSourceMapping, queues: string[]): void => {
  const { defaultChild } = reader.node
  if (!CfnEventSourceMapping.isCfnEventSourceMapping(defaultChild))
    throw new Error('CDK has changed its mappings')
  defaultChild.queues = queues
}

/** Lambda developer guide, "Using Lambda with Amazon MQ", "Execution role permissions": the mapping uses this role. */
const allowReading = (deliver: ChatFunction, lanes: BrokerLanes): void => {
  deliver.allow(['mq:DescribeBroker'], [lanes.broker.arn])
  deliver.allow(['secretsmanager:GetSecretValue'], [lanes.secretArn])
  deliver.allow(
    [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
    ['*'],
    'Lambda makes the network interfaces that it reads the broker through with this role, and knows no narrower resource',
  )
}
