import { describe, expect, inject, it } from 'vitest'
import {
  type Found,
  functionsOf,
  resourcesOf,
  type Template,
  textOf,
  theResource,
} from './synthesis/template.ts'

const brokers = [
  ['small', 'SINGLE_INSTANCE', 'mq.m7g.medium', 1],
  ['cluster', 'CLUSTER_MULTI_AZ', 'mq.m7g.large', 2],
] as const

const groupOf = (template: Template, value: unknown): string =>
  textOf(template, value).replace(/^<Lanes\/Network\/(.*)\.GroupId>$/, '$1')

/** Who may connect to whom: `from → to port`, as the receiving group says it, or the sending one. */
const rulesOf = (template: Template, type: 'Ingress' | 'Egress'): readonly string[] => {
  const own = resourcesOf(template, `AWS::EC2::SecurityGroup${type}`).map(({ Properties }) => {
    const other = groupOf(template, Properties.SourceSecurityGroupId ?? Properties.DestinationSecurityGroupId)
    const group = groupOf(template, Properties.GroupId)
    const [from, to] = type === 'Ingress' ? [other, group] : [group, other]
    return `${from} → ${to} ${portOf(Properties)}`
  })
  const within = resourcesOf(template, 'AWS::EC2::SecurityGroup').flatMap(({ path, Properties }) =>
    ((Properties[`SecurityGroup${type}`] ?? []) as Found['Properties'][])
      .filter(({ CidrIp }) => CidrIp !== '255.255.255.255/32') // CDK's way to say: nowhere
      .map(
        (rule) =>
          `${path.replace(/^Lanes\/Network\/(.*)\/Resource$/, '$1')} → ${rule.CidrIp} ${portOf(rule)}`,
      ),
  )
  return [...own, ...within].sort()
}

const portOf = ({ IpProtocol, FromPort, ToPort }: Found['Properties']): string => {
  expect([IpProtocol, ToPort]).toEqual(['tcp', FromPort])
  return String(FromPort)
}

describe.each(brokers)('the broker of %s', (variant, deploymentMode, instanceType, zones) => {
  const { template } = inject(variant)
  const broker = theResource(template, 'AWS::AmazonMQ::Broker').Properties

  it('is RabbitMQ 4 of its size, out of reach from outside, and keeps itself up to date', () => {
    expect(broker).toMatchObject({
      EngineType: 'RABBITMQ',
      EngineVersion: '4.2',
      DeploymentMode: deploymentMode,
      HostInstanceType: instanceType,
      PubliclyAccessible: false,
      AutoMinorVersionUpgrade: true,
      Logs: { General: true },
    })
    expect(broker.SubnetIds).toHaveLength(zones)
  })

  it('has a password that nobody has seen', () => {
    const [user] = broker.Users as { Username: string; Password: unknown }[]
    expect(user?.Username).toBe('chat')
    expect(textOf(template, user?.Password)).toBe(
      '{{resolve:secretsmanager:<Lanes/Broker/Credentials>:SecretString:password::}}',
    )
    const secret = theResource(template, 'AWS::SecretsManager::Secret').Properties
    expect(secret.GenerateSecretString).toMatchObject({
      SecretStringTemplate: '{"username":"chat"}',
      GenerateStringKey: 'password',
      PasswordLength: 40,
    })
  })

  it('has its logs kept no longer than others', () => {
    const kept = resourcesOf(template, 'Custom::LogRetention').map(
      ({ Properties }) => Properties.RetentionInDays,
    )
    expect(new Set(kept)).toEqual(new Set([variant === 'small' ? 30 : 7]))
  })
})

describe.each(brokers)('the network of %s', (variant, _mode, _type, zones) => {
  const { template } = inject(variant)

  it('has no way out and no way in', () => {
    for (const type of ['NatGateway', 'InternetGateway', 'EIP', 'Route', 'VPCGatewayAttachment']) {
      expect(resourcesOf(template, `AWS::EC2::${type}`)).toEqual([])
    }
    const subnets = resourcesOf(template, 'AWS::EC2::Subnet')
    expect(subnets).toHaveLength(zones)
    for (const { Properties } of subnets) expect(Properties.MapPublicIpOnLaunch).toBe(false)
  })

  it('has endpoints of what is called from within: DynamoDB, Lambda, Secrets Manager, STS', () => {
    const endpoints = resourcesOf(template, 'AWS::EC2::VPCEndpoint').map(({ Properties }) => [
      Properties.VpcEndpointType,
      textOf(template, Properties.ServiceName).replace(/^.*\./, ''),
    ])
    expect(endpoints.sort()).toEqual([
      ['Gateway', 'dynamodb'],
      ['Interface', 'lambda'],
      ['Interface', 'secretsmanager'],
      ['Interface', 'sts'],
    ])
  })

  it('lets publishers and Lambda’s readers reach the broker and the endpoints, and nobody anything else', () => {
    const rules = [
      'BrokerGroup → BrokerGroup 5671',
      'BrokerGroup → EndpointGroup 443',
      'PublisherGroup → BrokerGroup 5671',
      'PublisherGroup → EndpointGroup 443',
    ]
    expect(rulesOf(template, 'Ingress')).toEqual(rules)
    // DynamoDB's gateway has addresses only, and nothing else has a route.
    expect(rulesOf(template, 'Egress')).toEqual([
      ...rules.slice(0, 2),
      'PublisherGroup → 0.0.0.0/0 443',
      ...rules.slice(2),
    ])
  })

  it('holds the functions that connect to the broker, and no other', () => {
    const inside = functionsOf(template).filter(({ Properties }) => Properties.VpcConfig !== undefined)
    expect(inside.map(({ name }) => name).sort()).toEqual([
      'dead-letters',
      'declare-topology',
      'publish',
      'send-message',
    ])
    for (const { Properties } of inside) {
      const { SecurityGroupIds, SubnetIds } = Properties.VpcConfig as Record<string, unknown[]>
      expect(SecurityGroupIds?.map((group) => groupOf(template, group))).toEqual(['PublisherGroup'])
      expect(SubnetIds).toHaveLength(zones)
    }
  })
})

describe('the zones that are named', () => {
  it('are those of the network', () => {
    const subnets = resourcesOf(inject('cluster').template, 'AWS::EC2::Subnet')
    expect(subnets.map(({ Properties }) => Properties.AvailabilityZone)).toEqual([
      'eu-central-1a',
      'eu-central-1c',
    ])
  })
})
