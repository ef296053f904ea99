import {
  RabbitMqBrokerCluster,
  RabbitMqBrokerEngineVersion,
  RabbitMqBrokerInstance,
  RabbitMqBrokerUserManagement,
} from '@cdklabs/cdk-amazonmq'
import { RemovalPolicy, Stack } from 'aws-cdk-lib'
import { InstanceType, SubnetType } from 'aws-cdk-lib/aws-ec2'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import { acknowledge, acknowledgeBasicExecution, acknowledgeWildcards } from '../functions/acknowledge.ts'
import type { Deployment } from '../functions/deployment.ts'
import { brokers } from '../settings/checks.ts'
import type { AwsTarget } from '../settings/settings.ts'
import type { Network } from './network.ts'

type Props = { readonly deployment: Deployment; readonly target: AwsTarget; readonly network: Network }

const username = 'chat'

/** RabbitMQ, as Amazon MQ runs it; in reach of the network alone. */
export class Broker extends Construct {
  /** With `username` and `password`. */
  readonly secret: Secret
  readonly arn: string
  /** By which CloudWatch knows it. */
  readonly name: string
  /** `amqps:`, without user and password. */
  readonly url: string

  constructor(scope: Construct, id: string, { deployment, target, network }: Props) {
    super(scope, id)
    this.secret = new Secret(this, 'Credentials', {
      description: `The user of the broker of ${deployment.serviceName}`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: 'password',
        // Amazon MQ: 12 characters at least, no comma, colon or equals sign.
        passwordLength: 40,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    })
    acknowledge(this.secret, {
      SMG4: 'Amazon MQ cannot change the password of a RabbitMQ user: it is done in the broker',
    })
    const broker = this.brokerOf(deployment, target, network)
    acknowledgeLogRetention(this)
    this.arn = broker.arn
    this.name = broker.name
    this.url = broker.endpoints.amqp.url
  }

  private brokerOf({ settings }: Deployment, { brokerSize }: AwsTarget, network: Network) {
    const common = {
      version: RabbitMqBrokerEngineVersion.V4_2,
      instanceType: new InstanceType(brokers[brokerSize].instanceType),
      // Required for RabbitMQ 4: patches are installed in the maintenance window.
      autoMinorVersionUpgrade: true,
      publiclyAccessible: false,
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [network.brokerGroup],
      userManagement: RabbitMqBrokerUserManagement.simple({
        admin: { username, password: this.secret.secretValueFromJson('password') },
      }),
      cloudwatchLogsExports: { general: true },
      cloudwatchLogsRetention: settings.logRetentionDays,
    }
    // Ids of their own: one is no update of the other, and two cannot have the same name.
    return brokerSize === 'cluster'
      ? new RabbitMqBrokerCluster(this, 'Cluster', common)
      : new RabbitMqBrokerInstance(this, 'Instance', common)
  }
}

/** Amazon MQ makes the groups of its log itself, and CDK has one function in a stack that sets how long they are kept. */
const acknowledgeLogRetention = (broker: Broker): void => {
  for (const child of Stack.of(broker).node.children.filter(({ node }) =>
    node.id.startsWith('LogRetention'),
  )) {
    acknowledgeBasicExecution(child, "CDK's function writes its log by the policy that AWS manages")
    acknowledgeWildcards(child, ['*'], "CDK's function sets the retention of any group that it is told")
  }
}
