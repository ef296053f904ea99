import { expect, it } from 'vitest'
import type { DeleteReaderEvent } from '../../../../lambdas/aws/events.ts'
import { makeDeleteReaderHandler } from '../../../../lambdas/handlers/delete-reader.ts'
import { invocation } from '../../../support/gateway/lambda-events.ts'

const run = async (event: DeleteReaderEvent) => {
  const deleted: string[] = []
  const handler = makeDeleteReaderHandler({ deleteMapping: async (uuid) => void deleted.push(uuid) })
  return { ...(await handler(event, invocation)), deleted }
}

it('the end of a reader has its mapping deleted, and nothing else has', async () => {
  const ResourceProperties = { EsmId: 'one' }
  const there = { PhysicalResourceId: 'one', deleted: [] }
  expect(await run({ RequestType: 'Create', ResourceProperties })).toEqual(there)
  expect(await run({ RequestType: 'Update', PhysicalResourceId: 'one', ResourceProperties })).toEqual(there)
  expect(await run({ RequestType: 'Delete', PhysicalResourceId: 'one', ResourceProperties })).toEqual({
    PhysicalResourceId: 'one',
    deleted: ['one'],
  })
})

it('a mapping that takes another’s place is another resource, whose end is that of the one before', async () => {
  const ResourceProperties = { EsmId: 'two' }
  expect(await run({ RequestType: 'Update', PhysicalResourceId: 'one', ResourceProperties })).toEqual({
    PhysicalResourceId: 'two',
    deleted: [],
  })
  const ended = await run({ RequestType: 'Delete', PhysicalResourceId: 'one', ResourceProperties })
  expect(ended.deleted).toEqual(['one'])
})
