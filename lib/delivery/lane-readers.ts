import { Duration } from 'aws-cdk-lib'
import {
  CfnEventSourceMapping,
  EventSourceMapping,
  SourceAccessConfigurationType,
} from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { batchSizeOf, laneNames } from '../../core/domain/lanes.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { BrokerLanes } from '../lanes/broker-lanes.ts'
import { ReaderTeardown } from './reader-teardown.ts'

type Props = { readonly deployment: Deployment; readonly lanes: BrokerLanes; readonly deliver: ChatFunction }

/**
 * Event source mappings, one per lane, that invoke `deliver` with batches. Each mapping runs one invocation at a time,
 * so that rooms stay in order while lanes run in parallel.
 */
export class LaneReaders extends Construct {
  constructor(scope: Construct, id: string, { deployment, lanes, deliver }: Props) {
    super(scope, id)
    allowReading(deliver, lanes)
    const teardown = new ReaderTeardown(this, 'Teardown', { deployment, target: deliver.handler })
    for (const lane of laneNames(deployment.settings.laneCounts)) {
      const queue = lanes.topology.laneQueue(lane)
      // The id contains the queue's name, because a mapping cannot change its queue.
      const reader = new EventSourceMapping(this, queue, {
        target: deliver.handler,
        eventSourceArn: lanes.broker.arn,
        batchSize: batchSizeOf(lane),
        // Deliver immediately: by default, Lambda waits half a second to fill a batch.
        maxBatchingWindow: Duration.seconds(0),
        sourceAccessConfigurations: [
          { type: SourceAccessConfigurationType.BASIC_AUTH, uri: lanes.secretArn },
        ],
      })
      queuesOf(reader, [queue])
      // Lambda checks queue and permissions when the mapping is created.
      reader.node.addDependency(lanes.declared, deliver.role)
      teardown.watch(reader, deliver.role)
    }
  }
}

const queuesOf = (reader: EventSourceMapping, queues: string[]): void => {
  const { defaultChild } = reader.node
  if (!CfnEventSourceMapping.isCfnEventSourceMapping(defaultChild))
    throw new Error('CDK has changed its mappings')
  defaultChild.queues = queues
}

/** Allows the mapping to read, with the function's role. Source: Lambda developer guide, "Using Lambda with Amazon MQ". */
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
