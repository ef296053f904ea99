import type { Telemetry } from '../../core/ports.ts'
import type { makeConnect } from '../../core/use-cases/connect.ts'
import { ChatError, errorFrame } from '../../protocol/chat-error.ts'
import { subprotocol } from '../../protocol/codes.ts'
import type { ConnectHandler } from '../aws/events.ts'
import { identityOf } from '../aws/identity-context.ts'
import { type ManagementEndpoint, toClientError } from '../aws/reply.ts'
import { chosenSubprotocol, queryOf, roomIdOf } from '../aws/upgrade-request.ts'

type Deps = {
  readonly connect: ReturnType<typeof makeConnect>
  readonly managementEndpoint: ManagementEndpoint
  readonly telemetry: Telemetry
}

/** Handles $connect: registers the connection. Its status becomes the status of the upgrade. */
export const makeConnectHandler =
  ({ connect, managementEndpoint, telemetry }: Deps): ConnectHandler =>
  async (event) => {
    const { connectionId, requestId, authorizer } = event.requestContext
    try {
      const chosen = chosenSubprotocol(event)
      if (chosen === null) throw new ChatError('bad_request', `Offer the subprotocol ${subprotocol}.`)
      const caller = {
        connectionId,
        endpoint: managementEndpoint(event.requestContext),
        identity: identityOf(authorizer),
      }
      await connect(caller, roomIdOf(queryOf(event, 'roomId')))
      telemetry.count('connection.opened')
      telemetry.info('A connection opened', { connectionId, userId: caller.identity.userId })
      return { statusCode: 200, ...(chosen && { headers: { 'Sec-WebSocket-Protocol': chosen } }) }
    } catch (error) {
      const refusal = toClientError(error, telemetry, { connectionId, requestId })
      telemetry.count('connection.refused')
      return { statusCode: refusal.status, body: JSON.stringify(errorFrame(refusal, undefined)) }
    }
  }
