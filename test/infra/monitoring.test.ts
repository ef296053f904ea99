import { describe, expect, inject, it } from 'vitest'
import { describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { laneNames } from '../../core/domain/lanes.ts'
import { counters, durations } from '../../core/domain/metrics.ts'
import { functionsOf, resourcesOf, type Template, textOf, theResource } from './synthesis/template.ts'

const { template } = inject('small')

type Metric = {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
}

type Widget = { readonly properties: { readonly metrics?: unknown[][]; readonly query?: string } }

const widgets = (): readonly Widget[] =>
  JSON.parse(textOf(template, theResource(template, 'AWS::CloudWatch::Dashboard').Properties.DashboardBody))
    .widgets

const dashboardMetrics = (): readonly Metric[] => {
  const lines = widgets().flatMap(({ properties }) => properties.metrics ?? [])
  return lines.map(([namespace, name, ...rest]) => {
    const dimensions = rest.filter((value) => typeof value === 'string')
    return {
      namespace: String(namespace),
      name: String(name),
      dimensions: Object.fromEntries(
        dimensions.flatMap((value, index) => (index % 2 === 0 ? [[value, dimensions[index + 1] ?? '']] : [])),
      ),
    }
  })
}

const alarmsOf = (of: Template) => resourcesOf(of, 'AWS::CloudWatch::Alarm')

/** What an alarm of one metric watches. */
const metricOf = (id: string) => {
  const alarm = theResource(template, 'AWS::CloudWatch::Alarm', `Monitoring/Alarms/${id}/Resource`)
  const [only] = alarm.Properties.Metrics as readonly { MetricStat: { Metric: object } }[]
  return only?.MetricStat.Metric
}

/** What API Gateway writes for each request. */
const lineOfLog = (): Readonly<Record<string, string>> => {
  const stage = theResource(template, 'AWS::ApiGatewayV2::Stage', 'Sockets/Stage/Resource')
  return JSON.parse((stage.Properties.AccessLogSettings as { readonly Format: string }).Format)
}

describe('the dashboard', () => {
  it('shows what the functions report, by their names and dimensions', () => {
    const ours = dashboardMetrics().filter(({ namespace }) => namespace === 'SimpleChat')
    const known: readonly string[] = [...counters, ...durations]
    for (const { name, dimensions } of ours.filter(
      ({ name: metric }) => metric !== 'ColdStart' && metric !== 'connect.failed',
    )) {
      expect(known).toContain(name)
      expect(dimensions).toEqual({ service: 'simple-chat-live' })
    }
    expect(new Set(ours.map(({ name }) => name))).toEqual(new Set([...known, 'ColdStart', 'connect.failed']))
  })

  it('shows every lane, and the dead letters', () => {
    const topology = describeTopology({ lanes: 4, bulkLanes: 2, prefix: 'chat' })
    const queues = dashboardMetrics()
      .filter(({ namespace, name }) => namespace === 'AWS/AmazonMQ' && name === 'MessageCount')
      .map(({ dimensions }) => dimensions)
    const { BrokerName: Broker } = theResource(template, 'AWS::AmazonMQ::Broker').Properties
    const expected = [
      topology.deadLetterQueue,
      ...laneNames({ lanes: 4, bulkLanes: 2 }).map((lane) => topology.laneQueue(lane)),
    ]
    expect(queues).toEqual(expected.map((Queue) => ({ Broker, Queue, VirtualHost: '/' })))
  })

  it('shows what the functions warn of: all that are there for messages, and no other log', () => {
    const queries = widgets().flatMap(({ properties }) => properties.query ?? [])
    expect(queries).toHaveLength(1)
    const [query = ''] = queries
    const logs = [...query.matchAll(/SOURCE '([^']*)'/g)].map(([, log]) => log)
    const ofFunctions = functionsOf(template)
      .filter(({ name }) => name !== 'delete-reader')
      .map(({ path }) => `<${path.replace('Function/Resource', 'Log')}>`)
    expect(logs.toSorted()).toEqual(ofFunctions.toSorted())
    expect(query).toContain('| filter level in ["WARN", "ERROR"]')
  })

  it('is where its address leads', () => {
    expect(textOf(template, template.Outputs.DashboardUrl?.Value)).toBe(
      'https://<AWS::Region>.console.aws.amazon.com/cloudwatch/home?region=<AWS::Region>#dashboards:name=<Monitoring/Dashboard/Dashboard>',
    )
  })
})

describe('the alarms', () => {
  it('go off for dead letters, errors, throttles, the broker, and each lane that falls behind', () => {
    const ids = alarmsOf(template).map(({ path }) => path.split('/')[2])
    expect(ids).toEqual([
      ...['DeadLetters', 'DeadLetterQueue', 'FailedConnects', 'Errors', 'Throttles', 'PublishFailures'],
      'BrokerConnections',
      ...laneNames({ lanes: 4, bulkLanes: 2 }).map((lane) => `Backlog-${lane}`),
    ])
    for (const { Properties } of alarmsOf(template)) {
      expect(Properties).toMatchObject({
        TreatMissingData: 'notBreaching',
        ComparisonOperator: 'GreaterThanThreshold',
      })
      expect(Properties.AlarmDescription).toEqual(expect.any(String))
    }
  })

  it('go off for errors of every function but the authorizer, which throws whenever it refuses', () => {
    const errors = theResource(template, 'AWS::CloudWatch::Alarm', 'Monitoring/Alarms/Errors/Resource')
    const metrics = errors.Properties.Metrics as {
      MetricStat?: { Metric: { Dimensions: { Value: unknown }[] } }
    }[]
    const watched = metrics
      .flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? [])
      .map(({ Value }) => textOf(template, Value))
    expect(watched.sort()).toEqual([
      '<AuthCheck/AuthCheck/Function>',
      '<FanOut/Deliver/Function>',
      '<FanOut/Publish/Function>',
      '<Lanes/DeclareTopology/Function>',
      '<Sockets/Routes/Connect/Function>',
      '<Sockets/Routes/Default/Function>',
      '<Sockets/Routes/Disconnect/Function>',
      '<Sockets/Routes/RoomActions/Function>',
      '<Sockets/Routes/SendMessage/Function>',
    ])
  })

  it('go off soon for what needs somebody now, and later for what may pass', () => {
    const lanes = laneNames({ lanes: 4, bulkLanes: 2 })
    const settings = alarmsOf(template).map(({ path, Properties }) => {
      const stats = (Properties.Metrics as readonly { MetricStat?: { Stat: string; Period: number } }[])
        .flatMap(({ MetricStat }) => MetricStat ?? [])
        .map(({ Stat, Period }) => `${Stat} of ${Period} s`)
      const { Threshold, EvaluationPeriods } = Properties
      return [path.split('/')[2], Threshold, EvaluationPeriods, [...new Set(stats)].join()]
    })
    expect(settings).toEqual([
      ['DeadLetters', 0, 1, 'Sum of 60 s'],
      ['DeadLetterQueue', 0, 1, 'Maximum of 60 s'],
      ['FailedConnects', 0, 1, 'Sum of 60 s'],
      ['Errors', 0, 1, 'Sum of 60 s'],
      ['Throttles', 0, 3, 'Sum of 60 s'],
      ['PublishFailures', 0, 3, 'Sum of 60 s'],
      ['BrokerConnections', 80, 3, 'Maximum of 60 s'],
      ...lanes.map((lane) => [`Backlog-${lane}`, 1_000, 5, 'Maximum of 60 s']),
    ])
  })

  it('go off for dead letters whoever set them aside', () => {
    const { deadLetterQueue } = describeTopology({ lanes: 4, bulkLanes: 2, prefix: 'chat' })
    expect(metricOf('DeadLetterQueue')).toMatchObject({
      Namespace: 'AWS/AmazonMQ',
      MetricName: 'MessageCount',
      Dimensions: expect.arrayContaining([{ Name: 'Queue', Value: deadLetterQueue }]),
    })
  })

  it('go off for connections that fail, the authorizer’s errors among them, by the log of the API', () => {
    const { Properties } = theResource(template, 'AWS::Logs::MetricFilter')
    expect(textOf(template, Properties.LogGroupName)).toBe('<Sockets/AccessLog>')
    expect(Properties.FilterPattern).toBe('{ ($.eventType = "CONNECT") && ($.status = "5*") }')
    expect(lineOfLog()).toMatchObject({
      service: 'simple-chat-live',
      eventType: '$context.eventType',
      status: '$context.status',
    })
    expect(Properties.MetricTransformations).toEqual([
      {
        MetricNamespace: 'SimpleChat',
        MetricName: 'connect.failed',
        MetricValue: '1',
        Dimensions: [{ Key: 'service', Value: '$.service' }],
      },
    ])
    expect(metricOf('FailedConnects')).toEqual({
      Namespace: 'SimpleChat',
      MetricName: 'connect.failed',
      Dimensions: [{ Name: 'service', Value: 'simple-chat-live' }],
    })
  })

  it('tell nobody unless they are told whom', () => {
    for (const { Properties } of alarmsOf(template)) expect(Properties).not.toHaveProperty('AlarmActions')
  })

  it('tell an address by e-mail', () => {
    const { template: cluster } = inject('cluster')
    expect(theResource(cluster, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'operations@example.org',
    })
    for (const { Properties } of alarmsOf(cluster)) {
      expect(Properties.AlarmActions).toEqual([{ Ref: theResource(cluster, 'AWS::SNS::Topic').id }])
    }
  })

  it('may tell it', () => {
    const { PolicyDocument } = theResource(inject('cluster').template, 'AWS::SNS::TopicPolicy').Properties
    const { Statement } = PolicyDocument as { readonly Statement: readonly object[] }
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    )
  })

  it('are not there on LocalStack, which has nothing to show for them', () => {
    expect(alarmsOf(inject('localstack').template)).toEqual([])
  })
})
