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
/** Port of AMQP over TLS. */
export const amqps = Port.tcp(5671)

/**
 * A network without a route to the internet. It holds the broker, the functions that publish, and endpoints of the AWS
 * services that they and Lambda's event source call. The function `deliver` stays outside, because no private endpoint serves
 * the @connections API. So no NAT gateway is needed.
 */
export class Network extends Construct {
  readonly vpc: Vpc
  /** Group of the broker and of the interfaces through which Lambda reads it. */
  readonly brokerGroup: SecurityGroup
  /** Group of the functions that connect to the broker. */
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
    // Source: Lambda developer guide, "Configure network security" for Amazon MQ. Its event source calls these three
    // through interfaces in the broker's subnets and group. Functions that publish call Secrets Manager as well.
    for (const service of ['LAMBDA', 'STS', 'SECRETS_MANAGER'] as const) {
      this.vpc.addInterfaceEndpoint(service, {
        service: InterfaceVpcEndpointAwsService[service],
        securityGroups: [endpointGroup],
        open: false,
      })
    }
    for (const group of [brokerGroup, publisherGroup]) group.connections.allowTo(endpointGroup, https)
    publisherGroup.connections.allowTo(brokerGroup, amqps)
    // Both directions are needed: CDK does not derive the second rule for traffic within a group.
    brokerGroup.addIngressRule(brokerGroup, amqps)
    brokerGroup.addEgressRule(brokerGroup, amqps)
    // DynamoDB's gateway endpoint has no group, only an address list that differs between regions.
    publisherGroup.addEgressRule(Peer.anyIpv4(), https, 'DynamoDB: there is no route to anything else')
  }
}
