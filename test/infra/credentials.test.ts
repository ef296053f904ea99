import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { disconnectEvent } from '../support/gateway/lambda-events.ts'

const run = promisify(execFile)

/** Answers every request as DynamoDB answers one that finds nothing, and keeps its headers. */
const startDynamoDb = async () => {
  const requests: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    requests.push(request.headers)
    request.resume().on('end', () => response.end('{}'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
  })
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const { folder } = inject('bundles').disconnect

const invoke = (environment: Readonly<Record<string, string>>) =>
  run(
    process.execPath,
    [
      '-e',
      `require(${JSON.stringify(join(folder, 'index.js'))})
        .handler(JSON.parse(process.argv[1]), { awsRequestId: 'r1', functionName: 'disconnect' })
        .then((answer) => console.log(JSON.stringify(answer)))`,
      JSON.stringify(disconnectEvent()),
    ],
    {
      env: {
        SERVICE_NAME: 'simple-chat-test',
        LOG_LEVEL: 'silent',
        CONNECTIONS_TABLE: 'connections',
        AWS_REGION: 'eu-central-1',
        ...environment,
      },
    },
  )

describe('a bundled function', () => {
  it('signs its requests with the credentials that Lambda puts into its environment', async () => {
    const { requests, url } = await startDynamoDb()
    const { stdout } = await invoke({
      AWS_ENDPOINT_URL_DYNAMODB: url,
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
    })
    expect(stdout).toContain('{"statusCode":200}')
    expect(requests.length).toBeGreaterThan(0)
    for (const headers of requests) {
      expect(headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, /,
      )
      expect(headers['x-amz-security-token']).toBe('session')
    }
  })

  it('says that there are none, and looks nowhere else', async () => {
    const { requests, url } = await startDynamoDb()
    await expect(invoke({ AWS_ENDPOINT_URL_DYNAMODB: url })).rejects.toThrow(
      'There are no credentials in the environment',
    )
    expect(requests).toEqual([])
  })
})
