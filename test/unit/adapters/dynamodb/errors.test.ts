import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  InternalServerError,
  ProvisionedThroughputExceededException,
  QueryCommand,
  ResourceNotFoundException,
  ThrottlingException,
} from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import { makeDynamoDbClient } from '../../../../adapters/dynamodb/client.ts'
import { orUnavailable, unavailableOr } from '../../../../adapters/dynamodb/errors.ts'
import { ChatError } from '../../../../protocol/chat-error.ts'
import { freePort } from '../../../support/servers/rabbitmq-server.ts'

const said = { message: 'as DynamoDB says it', $metadata: {} }
const withCode = (code: string) => Object.assign(new Error(code), { code })
const named = (name: string) => Object.assign(new Error(name), { name })

describe('errors of DynamoDB', () => {
  it.each([
    ['too much throughput', new ProvisionedThroughputExceededException(said)],
    ['throttling', new ThrottlingException(said)],
    ['a fault of the server', new InternalServerError(said)],
    [
      'a status of 503 without a name that is known',
      new DynamoDBServiceException({
        ...said,
        name: 'x',
        $fault: 'server',
        $metadata: { httpStatusCode: 503 },
      }),
    ],
    ['the SDK’s own time limit', named('TimeoutError')],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a reset connection', withCode('ECONNRESET')],
    ['a name server that does not answer', withCode('EAI_AGAIN')],
  ])('calls %s unavailable, and keeps the cause', (_, error) => {
    const told = unavailableOr(error)
    expect(told).toBeInstanceOf(ChatError)
    expect(told).toMatchObject({ code: 'unavailable', cause: error })
  })

  it.each([
    ['a failed condition', new ConditionalCheckFailedException(said)],
    ['a missing table', new ResourceNotFoundException(said)],
    ['a request that is refused', named('ValidationException')],
    ['a defect', new TypeError('x is not a function')],
    ['what is no error', 'text'],
  ])('leaves %s as it is', async (_, error) => {
    expect(unavailableOr(error)).toBe(error)
    await expect(orUnavailable(() => Promise.reject(error))).rejects.toBe(error)
  })

  it('calls an endpoint unavailable where nobody listens', async () => {
    const client = makeDynamoDbClient({ endpoint: `http://127.0.0.1:${await freePort()}` })
    const query = new QueryCommand({ TableName: 'none', KeyConditionExpression: 'a = b' })
    await expect(orUnavailable(() => client.send(query))).rejects.toMatchObject({ code: 'unavailable' })
  })
})
