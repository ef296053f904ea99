import { CfnOutput, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { AuthCheckApi } from './api/auth-check-api.ts'
import { SocketApi } from './api/socket-api.ts'
import { FanOut } from './delivery/fan-out.ts'
import { LaneReaders } from './delivery/lane-readers.ts'
import type { Bundles } from './functions/bundle.ts'
import { deploymentOf } from './functions/deployment.ts'
import { BrokerLanes } from './lanes/broker-lanes.ts'
import { lanesAt } from './lanes/lanes.ts'
import { Monitoring } from './monitoring/monitoring.ts'
import type { StackSettings } from './settings/settings.ts'
import { Storage } from './storage/storage.ts'

type Props = { readonly settings: StackSettings; readonly bundles: Bundles }

/** A complete deployment: on AWS, or on LocalStack, where broker and lane readers run beside the stack. */
export class SimpleChatStack extends Stack {
  constructor(scope: Construct, id: string, { settings, bundles }: Props) {
    super(scope, id, {
      description: 'Simple Chat: chat rooms in which no message is lost, doubled or out of order',
    })
    const { target } = settings
    const deployment = deploymentOf(settings, bundles)
    const storage = new Storage(this, 'Storage', { deployment })
    const lanes =
      target.name === 'aws'
        ? new BrokerLanes(this, 'Lanes', { deployment, target })
        : lanesAt(settings, target.rabbitMqUrl)
    const api = new SocketApi(this, 'Sockets', { deployment, storage, lanes })
    const authCheckApi = new AuthCheckApi(this, 'AuthCheck', { deployment, storage })
    const fanOut = new FanOut(this, 'FanOut', { deployment, storage, lanes, api })
    addOutputs(this, {
      SocketUrl: [api.url, 'Where clients connect'],
      DomainTarget: [api.domainTarget, 'Where the name of the domain has to point, as an alias or CNAME'],
      AuthCheckUrl: [authCheckApi.url, 'authCheckUrl of every client: where to ask why it was refused'],
      MessagesTable: [storage.messages.tableName, 'The messages; it outlives the stack'],
      ConnectionsTable: [storage.connections.tableName, 'Who is connected, and in which rooms'],
      DeliverFunction: [fanOut.deliver.handler.functionName, 'What lanes are handed to'],
      QueuePrefix: [settings.queuePrefix, 'Begins the names of the queues'],
      LaneCount: [String(settings.laneCounts.lanes), 'LANES'],
      BulkLaneCount: [String(settings.laneCounts.bulkLanes), 'BULK_LANES'],
    })
    if (target.name !== 'aws' || !(lanes instanceof BrokerLanes)) return
    new LaneReaders(this, 'Readers', { deployment, lanes, deliver: fanOut.deliver })
    const monitoring = new Monitoring(this, 'Monitoring', {
      deployment,
      target,
      lanes,
      api,
      authCheckApi,
      fanOut,
    })
    addOutputs(this, {
      DashboardUrl: [monitoring.dashboardUrl, 'How the service fares'],
      DeadLettersFunction: [
        lanes.deadLetters.handler.functionName,
        'DEAD_LETTERS_FUNCTION of npm run dead-letters',
      ],
    })
  }
}

/** Value and description of a stack output. An undefined value adds no output. */
type Output = readonly [value: string | undefined, description: string]

/** Adds the outputs that clients, operators and tools need. docs/deploy-aws.md lists them. */
const addOutputs = (stack: Stack, outputs: Readonly<Record<string, Output>>): void => {
  for (const [name, [value, description]] of Object.entries(outputs)) {
    if (value !== undefined) new CfnOutput(stack, name, { value, description })
  }
}
