import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import { acknowledge } from '../functions/acknowledge.ts'
import { brokers } from '../settings/checks.ts'
import type { AwsTarget } from '../settings/settings.ts'

type Props = { readonly target: AwsTarget }

const https = Port.tcp(443)
export const amqps = Port.tcp(5671)

/**
 * A network without a way out: the broker is in it, the functions that publish, and endpoints of the AWS services that
 * they, and Lambda's event source, call from there. What posts to connections stays outside, since no private endpoint
 * serves the @connections API; so there is no NAT gateway.
 */
export class Network extends Construct {
  readonly vpc: Vpc
  /** Of the broker, and of the interfaces through which Lambda reads it. */
  readonly brokerGroup: SecurityGroup
  /** Of the functions that connect to the broker. */
  readonly publisherGroup: SecurityGroup

  constructor(scope: Construct, id: string, { target }: Props) {
    super(scope, id)
    const { availabilityZones } = target
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/16'),
      ...(availabilityZones
        ? { availabilityZones: [...availabilityZones] }
        : { maxAzs: brokers[target.brokerSize].zones }),
      natGateways: 0,
      subnetConfiguration: [{ name: 'private', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
      gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB } },
    })
    acknowledge(this.vpc, {
      VPC7: 'Nothing but our own functions and AWS is in it, and there is no way out or in',
    })
    this.brokerGroup = this.groupOf('BrokerGroup', 'The broker, and what Lambda reads it with')
    this.publisherGroup = this.groupOf('PublisherGroup', 'Functions that publish')
    this.allowTraffic(this.groupOf('EndpointGroup', 'Endpoints of AWS services'))
  }

  private groupOf(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false })
  }

  private allowTraffic(endpointGroup: SecurityGroup): void {
    const { brokerGroup, publisherGroup } = this
    // Lambda developer guide, "Configure network security" for Amazon MQ: its event source calls these three, by interfaces
    // of its own in the broker's subnets and group. Functions that publish call Secrets Manager too.
    for (const service of ['LAMBDA', 'STS', 'SECRETS_MANAGER'] as const) {
      this.vpc.addInterfaceEndpoint(service, {
        service: InterfaceVpcEndpointAwsService[service],
        securityGroups: [endpointGroup],
        open: false,
      })
    }
    for (const group of [brokerGroup, publisherGroup]) group.connections.allowTo(endpointGroup, https)
    publisherGroup.connections.allowTo(brokerGroup, amqps)
    // Said both ways: CDK takes what a group may send to itself to be received.
    brokerGroup.addIngressRule(brokerGroup, amqps)
    brokerGroup.addEgressRule(brokerGroup, amqps)
    // The gateway endpoint of DynamoDB has no group, only addresses: those of a list that differs from region to region.
    publisherGroup.addEgressRule(Peer.anyIpv4(), https, 'DynamoDB: there is no route to anything else')
  }
}
