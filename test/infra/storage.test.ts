import { describe, expect, inject, it } from 'vitest'
import { functionOf, resourcesOf, theResource } from './synthesis/template.ts'

const { template } = inject('small')
const tableOf = (name: 'Messages' | 'Connections') =>
  theResource(template, 'AWS::DynamoDB::Table', `Storage/${name}/Resource`)

const key = (partition: string, sort: string) => [
  { AttributeName: partition, KeyType: 'HASH' },
  { AttributeName: sort, KeyType: 'RANGE' },
]

describe('the tables', () => {
  it('have the keys that the adapters read and write by', () => {
    expect(tableOf('Messages').Properties).toMatchObject({
      KeySchema: key('roomId', 'position'),
      AttributeDefinitions: [
        { AttributeName: 'roomId', AttributeType: 'S' },
        { AttributeName: 'position', AttributeType: 'N' },
      ],
    })
    expect(tableOf('Connections').Properties).toMatchObject({
      KeySchema: key('roomId', 'slotConnection'),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-user',
          KeySchema: key('userId', 'connectionId'),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    })
  })

  it('are paid by use, encrypted, and forget what has expired', () => {
    for (const { Properties } of [tableOf('Messages'), tableOf('Connections')]) {
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      })
    }
  })

  it('keep the messages when the stack goes, and let go back in time', () => {
    const messages = tableOf('Messages')
    expect(messages.DeletionPolicy).toBe('Retain')
    expect(messages.Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
    expect(tableOf('Connections').DeletionPolicy).toBe('Delete')
  })
})

describe('the retention of messages', () => {
  it('is for good unless it is set, and then the same for who writes and who reads', () => {
    const retentionOf = (variant: 'small' | 'cluster') =>
      (['send-message', 'room-actions', 'deliver'] as const).map((name) => {
        const { Environment } = functionOf(inject(variant).template, name).Properties
        return (Environment as { Variables: Record<string, unknown> }).Variables.RETENTION_DAYS
      })
    expect(retentionOf('small')).toEqual([undefined, undefined, undefined])
    expect(retentionOf('cluster')).toEqual(['90', '90', '90'])
  })
})

describe('logs', () => {
  it.each([
    ['small', 30],
    ['cluster', 7],
    ['localstack', 30],
  ] as const)('of %s are kept for %i days', (variant, days) => {
    const groups = resourcesOf(inject(variant).template, 'AWS::Logs::LogGroup')
    expect(groups.length).toBeGreaterThan(0)
    for (const { Properties, DeletionPolicy } of groups) {
      expect([Properties.RetentionInDays, DeletionPolicy]).toEqual([days, 'Delete'])
    }
  })

  it('of every function go to a group that is kept so long', () => {
    for (const { path, Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      // CDK's one function for the groups of others has its group made by Lambda.
      if (path.startsWith('LogRetention')) continue
      expect(Properties.LoggingConfig, path).toMatchObject({ LogGroup: expect.anything() })
    }
  })
})
