import { closeCodes } from '../../protocol/codes.ts'
import type { DisconnectFrame, ErrorFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from '../api/errors.ts'

// Apart from api/errors.ts, so that the package's declarations do not need the schemas.

/** Converts an `error` frame. */
export const errorOfFrame = ({
  code,
  message,
  status,
  temporary,
  retryAfterMs,
}: ErrorFrame): ChatClientError => new ChatClientError(code, message, { status, temporary, retryAfterMs })

/** Creates the error of a request whose connection has ended. */
export const connectionLost = (): ChatClientError =>
  new ChatClientError('disconnected', 'The connection was lost.', { temporary: true })

/** Creates the error of a connection that the server ends: `disconnected` if the client may connect again. */
export const errorOfDisconnect = ({ code, reason, reconnect }: DisconnectFrame): ChatClientError =>
  reconnect
    ? new ChatClientError('disconnected', `The server asks the client to connect again: ${reason}.`, {
        temporary: true,
      })
    : new ChatClientError(closingCodes[code] ?? 'closed', `The server ended the connection: ${reason}.`, {
        status: code,
      })

/** Error codes of `disconnect` frames after which the client must not connect again. */
const closingCodes: Readonly<Record<number, 'unauthorized' | 'forbidden' | 'rate_limited'>> = {
  [closeCodes.tokenExpired]: 'unauthorized',
  [closeCodes.kicked]: 'forbidden',
  [closeCodes.slowConsumer]: 'rate_limited',
}
