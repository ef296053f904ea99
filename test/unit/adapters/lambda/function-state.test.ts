import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeGetFunctionState } from '../../../../adapters/lambda/function-state.ts'

const lambda = mockClient(LambdaClient)

describe('the state of a function', () => {
  beforeEach(() => lambda.reset())

  it('is what Lambda says', async () => {
    lambda.on(GetFunctionConfigurationCommand, { FunctionName: 'deliver' }).resolves({ State: 'Pending' })
    expect(await makeGetFunctionState()('deliver')).toBe('Pending')
  })

  it('is missing where there is no such function', async () => {
    const missing = new ResourceNotFoundException({ message: 'Function not found', $metadata: {} })
    lambda.on(GetFunctionConfigurationCommand).rejects(missing)
    expect(await makeGetFunctionState()('deliver')).toBe('missing')
  })

  it('throws whatever else is wrong', async () => {
    lambda.on(GetFunctionConfigurationCommand).rejects(new Error('ECONNREFUSED'))
    await expect(makeGetFunctionState()('deliver')).rejects.toThrow('ECONNREFUSED')
  })
})
