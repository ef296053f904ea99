import { describe, expect, it } from 'vitest'
import type { DeclareTopologyEvent } from '../../../../lambdas/aws/events.ts'
import { makeDeclareTopologyHandler } from '../../../../lambdas/handlers/declare-topology.ts'
import { invocation } from '../../../support/gateway/lambda-events.ts'

const topologyId = 'chat.v1.jobs.8-lanes-2-bulk'
const before = 'chat.v1.jobs.4-lanes-2-bulk'

const run = async (event: Omit<DeclareTopologyEvent, 'ResourceProperties'>, Jobs = topologyId) => {
  const done: string[] = []
  const handler = makeDeclareTopologyHandler({
    topologyId,
    declare: async () => void done.push('declared'),
    retire: async (id) => void done.push(`retired ${id}`),
  })
  const { PhysicalResourceId } = await handler({ ...event, ResourceProperties: { Jobs } }, invocation)
  return { PhysicalResourceId, done }
}

describe('the function that declares the topology', () => {
  it('declares it with the stack, and again with every update', async () => {
    const created = { PhysicalResourceId: topologyId, done: ['declared'] }
    expect(await run({ RequestType: 'Create' })).toEqual(created)
    expect(await run({ RequestType: 'Update', PhysicalResourceId: topologyId })).toEqual(created)
  })

  it('is another resource where names change, so that CloudFormation has the one before deleted: its lanes are emptied', async () => {
    const { PhysicalResourceId } = await run({ RequestType: 'Update', PhysicalResourceId: before })
    expect(PhysicalResourceId).toBe(topologyId)
    expect(await run({ RequestType: 'Delete', PhysicalResourceId: before })).toEqual({
      PhysicalResourceId: before,
      done: [`retired ${before}`],
    })
  })

  it('refuses to declare for another deployment than its own, as an update that is rolled back might ask', async () => {
    const update = { RequestType: 'Update', PhysicalResourceId: before } as const
    await expect(run(update, before)).rejects.toThrow(`The event is for ${before}`)
  })

  it('deletes nothing with the stack', async () => {
    expect(await run({ RequestType: 'Delete', PhysicalResourceId: topologyId })).toEqual({
      PhysicalResourceId: topologyId,
      done: [],
    })
  })
})
