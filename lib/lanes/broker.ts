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

/** RabbitMQ on Amazon MQ, reachable from the deployment's network only. */
export class Broker extends Construct {
  /** Secret with the fields `username` and `password`. */
  readonly secret: Secret
  readonly arn: string
  /** Name of the broker in CloudWatch. */
  readonly name: string
  /** URL with `amqps:`, without user and password. */
  readonly url: string

  constructor(scope: Construct, id: string, { deployment, target, network }: Props) {
    super(scope, id)
    this.secret = new Secret(this, 'Credentials', {
      description: `The user of the broker of ${deployment.serviceName}`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: 'password',
        // Amazon MQ requires at least 12 characters, without comma, colon or equals sign.
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
    // Two ids, because CloudFormation cannot update one kind to the other and names must differ.
    return brokerSize === 'cluster'
      ? new RabbitMqBrokerCluster(this, 'Cluster', common)
      : new RabbitMqBrokerInstance(this, 'Instance', common)
  }
}

/** Acknowledges findings on CDK's function that sets the retention of Amazon MQ's log groups. */
const acknowledgeLogRetention = (broker: Broker): void => {
  for (const child of Stack.of(broker).node.children.filter(({ node }) =>
    node.id.startsWith('LogRetention'),
  )) {
    acknowledgeBasicExecution(child, "CDK's function writes its log by the policy that AWS manages")
    acknowledgeWildcards(child, ['*'], "CDK's function sets the retention of any group that it is told")
  }
}
