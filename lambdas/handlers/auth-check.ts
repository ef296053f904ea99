import type { Telemetry } from '../../core/ports.ts'
import type { makeCheckAccess } from '../../core/use-cases/check-access.ts'
import { errorFrame } from '../../protocol/chat-error.ts'
import type { Authenticate } from '../aws/authenticate.ts'
import type { AuthCheckHandler, HttpEvent, Response } from '../aws/events.ts'
import { contextOf } from '../aws/identity-context.ts'
import { toClientError } from '../aws/reply.ts'
import { roomIdOf } from '../aws/upgrade-request.ts'

type Deps = {
  readonly authenticate: Authenticate
  readonly checkAccess: ReturnType<typeof makeCheckAccess>
  readonly telemetry: Telemetry
}

/** Handles GET /auth-check, which tells browsers whether an upgrade with this token and room would be accepted. */
export const makeAuthCheckHandler =
  ({ authenticate, checkAccess, telemetry }: Deps): AuthCheckHandler =>
  async (event) => {
    const { token, userId, name, roomId } = event.queryStringParameters ?? {}
    try {
      const identity = await authenticate({ token: token || bearerOf(event), userId, name })
      contextOf(identity)
      await checkAccess(identity, roomIdOf(roomId || undefined))
      return responseOf(200, { type: 'ok', userId: identity.userId })
    } catch (error) {
      const refusal = toClientError(error, telemetry, { requestId: event.requestContext.requestId })
      return responseOf(refusal.status, errorFrame(refusal, undefined))
    }
  }

const bearerOf = ({ headers }: HttpEvent): string | undefined =>
  /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]

const responseOf = (statusCode: number, body: object): Response => ({
  statusCode,
  // CORS is left to the API: API Gateway's settings, or the gateway's allowed origins.
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
})
