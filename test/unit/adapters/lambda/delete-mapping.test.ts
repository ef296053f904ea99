import {
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceInUseException,
  ResourceNotFoundException,
  ServiceException,
} from '@aws-sdk/client-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeDeleteMapping } from '../../../../adapters/lambda/delete-mapping.ts'

const lambda = mockClient(LambdaClient)
const uuid = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9'
const common = { message: 'no', $metadata: {} }
const inUse = new ResourceInUseException(common)
const notFound = new ResourceNotFoundException(common)

const waits: number[] = []
const deleteMapping = makeDeleteMapping({ wait: async (ms) => void waits.push(ms) })
const deletions = () => lambda.commandCalls(DeleteEventSourceMappingCommand, { UUID: uuid }).length

beforeEach(() => {
  lambda.reset()
  waits.length = 0
})

describe('deleting an event source mapping', () => {
  it('asks for it once', async () => {
    lambda.on(GetEventSourceMappingCommand, { UUID: uuid }).resolves({ State: 'Enabled' })
    lambda.on(DeleteEventSourceMappingCommand).resolves({ State: 'Deleting' })
    await deleteMapping(uuid)
    expect([deletions(), waits]).toEqual([1, []])
  })

  it('takes one that is gone for deleted, without asking for what it may be refused', async () => {
    lambda.on(GetEventSourceMappingCommand).rejects(notFound)
    await deleteMapping(uuid)
    expect(deletions()).toBe(0)
  })

  it('takes one that is being deleted for deleted', async () => {
    lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Deleting' })
    await deleteMapping(uuid)
    expect([deletions(), waits]).toEqual([0, []])
  })

  it('takes one for deleted that goes meanwhile', async () => {
    lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Enabled' })
    lambda.on(DeleteEventSourceMappingCommand).rejects(notFound)
    await deleteMapping(uuid)
    expect([deletions(), waits]).toEqual([1, []])
  })

  it('waits for one that is being made', async () => {
    lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Creating' })
    lambda.on(DeleteEventSourceMappingCommand).rejectsOnce(inUse).rejectsOnce(inUse).resolves({})
    await deleteMapping(uuid)
    expect([deletions(), waits]).toEqual([3, [3_000, 3_000]])
  })

  it('gives up on one that stays busy, in less time than the function has', async () => {
    lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Updating' })
    lambda.on(DeleteEventSourceMappingCommand).rejects(inUse)
    await expect(deleteMapping(uuid)).rejects.toThrow(`The mapping ${uuid} is busy`)
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(100_000)
  })

  it('tells of every other refusal', async () => {
    const denied = new ServiceException(common)
    lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Enabled' })
    lambda.on(DeleteEventSourceMappingCommand).rejects(denied)
    await expect(deleteMapping(uuid)).rejects.toBe(denied)
  })
})
