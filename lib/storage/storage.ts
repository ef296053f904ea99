import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import {
  byUserIndex,
  byUserKey,
  connectionsKey,
  type Key,
  type KeyAttribute,
  messagesKey,
  ttlAttribute,
} from '../../adapters/dynamodb/table-shapes.ts'
import { acknowledge } from '../functions/acknowledge.ts'
import type { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import {
  type DirectoryOperation,
  directoryActions,
  type LogOperation,
  logActions,
  type TableActions,
} from './table-operations.ts'

type Props = { readonly deployment: Deployment }

/** Tables of messages, which outlive the stack, and of connections, which do not. */
export class Storage extends Construct {
  readonly messages: Table
  readonly connections: Table
  /** Environment variables of a function that uses the directory. */
  readonly directoryVariables: Readonly<Record<string, string>>
  readonly logVariables: Readonly<Record<string, string>>

  constructor(scope: Construct, id: string, { deployment }: Props) {
    super(scope, id)
    const { retentionDays } = deployment.settings
    this.messages = new Table(this, 'Messages', {
      ...common,
      ...keysOf(messagesKey),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.connections = new Table(this, 'Connections', {
      ...common,
      ...keysOf(connectionsKey),
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.connections.addGlobalSecondaryIndex({
      indexName: byUserIndex,
      ...keysOf(byUserKey),
      projectionType: ProjectionType.KEYS_ONLY,
    })
    acknowledge(this.connections, {
      DDB3: 'A connection lives for two hours: there is nothing to go back to',
    })
    this.directoryVariables = { CONNECTIONS_TABLE: this.connections.tableName }
    this.logVariables = {
      MESSAGES_TABLE: this.messages.tableName,
      ...(retentionDays !== undefined && { RETENTION_DAYS: String(retentionDays) }),
    }
  }

  allowDirectory(chatFunction: ChatFunction, operations: readonly DirectoryOperation[]): void {
    allow(
      chatFunction,
      this.connections,
      operations.map((operation) => directoryActions[operation]),
    )
  }

  allowLog(chatFunction: ChatFunction, operations: readonly LogOperation[]): void {
    allow(
      chatFunction,
      this.messages,
      operations.map((operation) => logActions[operation]),
    )
  }
}

const common = {
  billingMode: BillingMode.PAY_PER_REQUEST,
  encryption: TableEncryption.AWS_MANAGED,
  timeToLiveAttribute: ttlAttribute,
}

const keysOf = ({ partition, sort }: Key) => ({
  partitionKey: attributeOf(partition),
  sortKey: attributeOf(sort),
})

const attributeOf = ({ name, type }: KeyAttribute) => ({
  name,
  type: type === 'S' ? AttributeType.STRING : AttributeType.NUMBER,
})

const allow = (chatFunction: ChatFunction, table: Table, actions: readonly TableActions[]): void => {
  chatFunction.allow(named(actions.flatMap((each) => each.table)), [table.tableArn])
  const onIndex = named(actions.flatMap((each) => each.index ?? []))
  if (onIndex.length > 0) chatFunction.allow(onIndex, [`${table.tableArn}/index/${byUserIndex}`])
}

const named = (actions: readonly string[]): readonly string[] =>
  [...new Set(actions)].sort().map((action) => `dynamodb:${action}`)
