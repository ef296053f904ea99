import type { Telemetry } from '../../core/ports.ts'
import type { makeDisconnect } from '../../core/use-cases/disconnect.ts'
import type { DisconnectHandler } from '../aws/events.ts'
import { identityOf } from '../aws/identity-context.ts'

type Deps = { readonly disconnect: ReturnType<typeof makeDisconnect>; readonly telemetry: Telemetry }

/** Handles $disconnect: removes the connection from its rooms. A throw is only logged, because no client remains. */
export const makeDisconnectHandler =
  ({ disconnect, telemetry }: Deps): DisconnectHandler =>
  async ({ requestContext }) => {
    const { connectionId, disconnectStatusCode, disconnectReason } = requestContext
    const { userId } = identityOf(requestContext.authorizer)
    await disconnect(userId, connectionId)
    const [status, reason] = [disconnectStatusCode, disconnectReason]
    telemetry.count('connection.closed')
    telemetry.info('A connection closed', { connectionId, userId, status, reason })
    return { statusCode: 200 }
  }
