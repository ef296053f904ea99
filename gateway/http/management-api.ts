import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayConnection } from '../sockets/connection.ts'
import type { Connections, PostResult } from '../sockets/connections.ts'
import { isWellFormedId, newId } from '../sockets/events.ts'
import type { makeSignatureCheck } from './signature.ts'

type Deps = {
  readonly connections: Connections
  readonly checkSignature: ReturnType<typeof makeSignatureCheck>
  readonly postBytes: number
}

/** A response that the AWS SDK turns into a result, or into an error with the name in `error`. */
type Answer = { readonly status: number; readonly error?: string; readonly body?: object }

/** Returns the encoded connection id in a path, or undefined for another path. Some SDKs encode the `@`. */
export const connectionPathOf = (path: string): string | undefined =>
  /^\/(?:@|%40)connections\/([^/]+)$/.exec(path)?.[1]

/** Implements POST, GET and DELETE /@connections/{id} of the API Gateway Management API. */
export const makeManagementApi =
  ({ connections, checkSignature, postBytes }: Deps) =>
  async (request: IncomingMessage, response: ServerResponse, encodedId: string): Promise<void> => {
    const { method = '', url = '', headers } = request
    // Checked before the body is read: an unsigned request must not cost 128 KB of memory.
    if (headers.authorization === undefined) {
      return send(response, failure(403, 'ForbiddenException', 'Missing Authentication Token'))
    }
    const body = await readBody(request, postBytes)
    if (body === 'too-large') return send(response, tooLarge)
    const [path = ''] = url.split('?')
    const problem = await checkSignature({ method, path, headers, body })
    if (problem) return send(response, failure(403, 'ForbiddenException', problem))
    const id = decode(encodedId)
    if (id === undefined || !isWellFormedId(id)) {
      return send(response, failure(400, 'BadRequestException', `Invalid connectionId: ${id ?? encodedId}`))
    }
    return send(response, await act(connections, method, id, body))
  }

const act = async (connections: Connections, method: string, id: string, body: Buffer): Promise<Answer> => {
  switch (method) {
    case 'POST':
      return answers[await connections.post(id, body)]
    case 'DELETE':
      return (await connections.close(id)) === 'sent' ? { status: 204 } : answers.gone
    case 'GET':
      return describe(connections.find(id))
    default:
      return failure(405, 'MethodNotAllowedException', 'Use POST, GET or DELETE')
  }
}

const describe = (connection: GatewayConnection | undefined): Answer =>
  connection?.isOpen()
    ? {
        status: 200,
        body: {
          connectedAt: isoTime(connection.connectedAtMs),
          identity: connection.identity,
          lastActiveAt: isoTime(connection.lastActiveAtMs()),
        },
      }
    : answers.gone

const failure = (status: number, error: string, message: string): Answer => ({
  status,
  error,
  body: { message },
})

const tooLarge = failure(413, 'PayloadTooLargeException', 'Payload is too large')

const answers: Readonly<Record<PostResult, Answer>> = {
  sent: { status: 200 },
  gone: failure(410, 'GoneException', 'The connection is gone'),
  throttled: failure(429, 'LimitExceededException', 'Too many requests, or the client reads too slowly'),
  'too-large': tooLarge,
}

const send = (response: ServerResponse, { status, error, body }: Answer): void => {
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, {
    'x-amzn-requestid': newId(),
    ...(text !== '' && { 'content-type': 'application/json' }),
    ...(error !== undefined && { 'x-amzn-errortype': error }),
    ...(status !== 204 && { 'content-length': Buffer.byteLength(text) }),
    // The unread rest of the body would be taken for the next request.
    ...(status === 413 && { connection: 'close' }),
  })
  response.end(text)
}

const isoTime = (ms: number): string => new Date(ms).toISOString()

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** Reads the body of a request, up to `maxBytes`. @throws Error if the client breaks off */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too-large'> => {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too-large'
  const chunks: Buffer[] = []
  let bytes = 0
  // An async iterator would destroy the socket when left early, and the response with it.
  return await new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (bytes > maxBytes) {
        request.pause()
        resolve('too-large')
      } else {
        chunks.push(chunk)
      }
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}
