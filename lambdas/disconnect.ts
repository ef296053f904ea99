import type { Telemetry } from '../core/ports.ts'
import type { makeDisconnect } from '../core/use-cases/disconnect.ts'
import type { DisconnectHandler } from './events.ts'
import { identityOf } from './runtime/identity-context.ts'

type Deps = { readonly disconnect: ReturnType<typeof makeDisconnect>; readonly telemetry: Telemetry }

/** $disconnect: takes the connection out of its rooms. A throw brings nothing but a logged error: nobody is left to answer. */
export const makeHandler =
  ({ disconnect, telemetry }: Deps): DisconnectHandler =>
  async ({ requestContext }) => {
    const { connectionId, disconnectStatusCode, disconnectReason } = requestContext
    await disconnect(identityOf(requestContext.authorizer).userId, connectionId)
    telemetry.info('A connection closed', {
      connectionId,
      status: disconnectStatusCode,
      reason: disconnectReason,
    })
    return { statusCode: 200 }
  }
