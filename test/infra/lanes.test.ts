import { createHash } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { laneNames } from '../../core/domain/lanes.ts'
import { functionOf, resourcesOf, type Template, textOf, theResource } from './synthesis/template.ts'

const variants = [
  ['small', { lanes: 4, bulkLanes: 2 }, 'chat'],
  ['cluster', { lanes: 8, bulkLanes: 4 }, 'blue'],
] as const

const mappingsOf = (template: Template) => resourcesOf(template, 'AWS::Lambda::EventSourceMapping')
const topologyOf = (template: Template) =>
  theResource(template, 'AWS::CloudFormation::CustomResource', 'Lanes/Topology/Default')

describe.each(variants)('the lanes of %s', (variant, laneCounts, prefix) => {
  const { template } = inject(variant)
  const topology = describeTopology({ ...laneCounts, prefix })

  it('are read by deliver, each by a mapping of its own, at once and in batches', () => {
    const deliver = functionOf(template, 'deliver')
    const queues = mappingsOf(template).map(({ Properties }) => {
      expect(Properties).toMatchObject({
        FunctionName: { Ref: deliver.id },
        // As many as the gateway's poller takes: the jobs of a bulk lane are small.
        BatchSize: JSON.stringify(Properties.Queues).includes('.bulk.') ? 1000 : 100,
        MaximumBatchingWindowInSeconds: 0,
      })
      return Properties.Queues
    })
    expect(queues).toEqual(laneNames(laneCounts).map((lane) => [topology.laneQueue(lane)]))
  })

  it('are read as the broker’s user', () => {
    for (const { Properties } of mappingsOf(template)) {
      const [access] = Properties.SourceAccessConfigurations as { Type: string; URI: unknown }[]
      expect(access?.Type).toBe('BASIC_AUTH')
      expect(textOf(template, access?.URI)).toBe('<Lanes/Broker/Credentials>')
    }
  })

  it('are there before anything is read or published, and may be read by then', () => {
    const declared = topologyOf(template).id
    const deliverPolicy = theResource(
      template,
      'AWS::IAM::Policy',
      'FanOut/Deliver/Role/DefaultPolicy/Resource',
    )
    for (const { DependsOn } of mappingsOf(template)) {
      expect(DependsOn).toEqual(expect.arrayContaining([declared, deliverPolicy.id]))
    }
    for (const name of ['send-message', 'publish'] as const) {
      expect(functionOf(template, name).DependsOn).toContain(declared)
    }
  })

  it('are declared when the rules of the network stand, by a function that gets the same counts', () => {
    const rules = [
      ...resourcesOf(template, 'AWS::EC2::SecurityGroupIngress'),
      ...resourcesOf(template, 'AWS::EC2::SecurityGroupEgress'),
      ...resourcesOf(template, 'AWS::EC2::VPCEndpoint'),
    ].map(({ id }) => id)
    expect(rules.length).toBeGreaterThan(0)
    expect(topologyOf(template).DependsOn).toEqual(expect.arrayContaining(rules))
    for (const name of ['declare-topology', 'send-message', 'publish'] as const) {
      expect(functionOf(template, name).Properties.Environment).toMatchObject({
        Variables: {
          LANES: String(laneCounts.lanes),
          BULK_LANES: String(laneCounts.bulkLanes),
          QUEUE_PREFIX: prefix,
        },
      })
    }
  })

  it('are declared again whenever they change, or the broker', () => {
    const { Properties } = topologyOf(template)
    expect(Properties.Jobs).toBe(topology.jobsExchange)
    const { exchanges, queues } = topology
    const shape = createHash('sha256').update(JSON.stringify({ exchanges, queues })).digest('hex')
    expect(Properties.Shape).toBe(shape)
    expect(textOf(template, Properties.Broker)).toMatch(/^<Lanes\/Broker\/(Instance|Cluster)\.Arn>$/)
  })

  it('leave nothing behind: each mapping is deleted by a step that waits for its network interfaces', () => {
    const ended = resourcesOf(template, 'AWS::CloudFormation::CustomResource').filter(({ path }) =>
      path.startsWith('Readers/'),
    )
    const role = theResource(template, 'AWS::IAM::Role', 'FanOut/Deliver/Role/Resource')
    expect(ended.map(({ Properties }) => (Properties.EsmId as { Ref: string }).Ref)).toEqual(
      mappingsOf(template).map(({ id }) => id),
    )
    for (const { Properties, DependsOn } of ended) {
      expect(Properties).toMatchObject({ MqType: 'armq', AccountId: { Ref: 'AWS::AccountId' } })
      // What a resource depends on is deleted after it.
      expect(DependsOn).toContain(role.id)
    }
    const tokens = new Set(ended.map(({ Properties }) => textOf(template, Properties.ServiceToken)))
    expect(tokens.size).toBe(1)
  })

  it('have no more connections than the broker takes, since functions have no more environments', () => {
    const reserved = (name: 'send-message' | 'publish' | 'deliver') =>
      functionOf(template, name).Properties.ReservedConcurrentExecutions
    expect([reserved('send-message'), reserved('publish')]).toEqual([50, 15])
    // Those of the deployment before are read too, until these are.
    expect(reserved('deliver')).toBe(2 * (laneCounts.lanes + laneCounts.bulkLanes))
  })
})

describe('the lanes on LocalStack', () => {
  const { template } = inject('localstack')

  it('are in a broker that is there: none is made, and none is read by Lambda', () => {
    for (const type of ['AWS::AmazonMQ::Broker', 'AWS::EC2::VPC', 'AWS::Lambda::EventSourceMapping']) {
      expect(resourcesOf(template, type)).toEqual([])
    }
    expect(resourcesOf(template, 'AWS::CloudFormation::CustomResource')).toEqual([])
    for (const name of ['send-message', 'publish'] as const) {
      const { Properties } = functionOf(template, name)
      expect(Properties.Environment).toMatchObject({
        Variables: { RABBITMQ_URL: 'amqp://guest:guest@rabbitmq:5672', LANES: '4', BULK_LANES: '2' },
      })
      expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions')
    }
  })

  it('are told to whoever reads them, with the function to invoke', () => {
    expect(template.Outputs).toMatchObject({
      DeliverFunction: { Value: { Ref: functionOf(template, 'deliver').id } },
      QueuePrefix: { Value: 'chat' },
      LaneCount: { Value: '4' },
      BulkLaneCount: { Value: '2' },
    })
  })

  it('are delivered by a function whose name the poller knows before it is there', () => {
    const { Properties } = functionOf(inject('localstack').template, 'deliver')
    expect(Properties.FunctionName).toBe('simple-chat-live-deliver')
    expect(functionOf(inject('small').template, 'deliver').Properties.FunctionName).toBeUndefined()
  })
})
