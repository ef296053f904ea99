import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

type LambdaFunction = (event: never) => Promise<unknown>

/** What this project uses of the Lambda API, with functions that a test gives it. It ends with the test. */
export const startLambdaApi = async () => {
  const functions = new Map<string, LambdaFunction>()
  /** Method and path of each request, in their order. */
  const requests: string[] = []
  let state = 'Active'

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '' } = request
    requests.push(`${method} ${url}`)
    const [, name = '', what = ''] =
      /^\/2015-03-31\/functions\/([^/]+)\/(configuration|invocations)$/.exec(url) ?? []
    const invoked = functions.get(name)
    const body = await textOf(request)
    if (invoked === undefined) {
      response.setHeader('x-amzn-errortype', 'ResourceNotFoundException')
      return sendJson(response, 404, { Message: `Function not found: ${name}` })
    }
    if (what === 'configuration') return sendJson(response, 200, { FunctionName: name, State: state })
    try {
      return sendJson(response, 200, (await invoked(JSON.parse(body) as never)) ?? null)
    } catch (error) {
      // What Lambda answers for a function that throws: its invocation was a success.
      response.setHeader('x-amz-function-error', 'Unhandled')
      return sendJson(response, 200, { errorType: 'Error', errorMessage: String(error) })
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    /** Makes a function, or takes its place. */
    deploy: (name: string, handler: LambdaFunction) => functions.set(name, handler),
    setState: (next: string) => {
      state = next
    },
  }
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
