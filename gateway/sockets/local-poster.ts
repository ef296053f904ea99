import type { FramePoster, PostOutcome } from '../../core/ports.ts'
import type { Connections, PostResult } from './connections.ts'

type Deps = {
  readonly connections: Connections
  /** Returns this node's endpoint, as its connections carry it. The port is known only after the server listens. */
  readonly endpoint: () => string
  /** Poster for connections that other nodes hold. */
  readonly remote: FramePoster
}

/**
 * Writes directly to the connections of this process, by the same rules as @connections. Posts to other nodes go
 * through `remote`.
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
  // A defect of the service: such a frame can never be sent to any member.
  'too-large': 'failed',
}
