import type { Telemetry } from '../../core/ports.ts'
import type { makeDisconnect } from '../../core/use-cases/disconnect.ts'
import type { DisconnectHandler } from '../aws/events.ts'
import { identityOf } from '../aws/identity-context.ts'

type Deps = { readonly disconnect: ReturnType<typeof makeDisconnect>; readonly telemetry: Telemetry }

/** $disconnect: takes the connection out of its rooms. A throw brings nothing but a logged error: nobody is left to answer. */
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
