import type { FramePoster, PostOutcome } from '../../core/ports.ts'
import type { Connections, PostResult } from './connections.ts'

type Deps = {
  readonly connections: Connections
  /** This node's own endpoint, as its connections carry it; asked each time, for a port may not be known yet. */
  readonly endpoint: () => string
  /** Posts to the connections that other nodes hold. */
  readonly remote: FramePoster
}

/**
 * Writes to the connections that this very process holds without a request, by the same rules as @connections;
 * everything else goes to `remote`.
 */
export const makeLocalPoster = ({ connections, endpoint, remote }: Deps): FramePoster => {
  const isOwn = (connection: { readonly connectionId: string; readonly endpoint: string }) =>
    connections.find(connection.connectionId) !== undefined || connection.endpoint === endpoint()

  return {
    post: async (connection, frame) =>
      isOwn(connection)
        ? outcomes[await connections.post(connection.connectionId, frame)]
        : remote.post(connection, frame),
    close: async (connection) =>
      isOwn(connection) ? connections.close(connection.connectionId) : remote.close(connection),
  }
}

const outcomes: Readonly<Record<PostResult, PostOutcome>> = {
  sent: 'sent',
  gone: 'gone',
  throttled: 'throttled',
  // It will never pass, and no member can be blamed for it.
  'too-large': 'failed',
}
