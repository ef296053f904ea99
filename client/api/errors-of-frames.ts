import { closeCodes } from '../../protocol/codes.ts'
import type { DisconnectFrame, ErrorFrame } from '../../protocol/server-frames.ts'
import { ChatClientError } from './errors.ts'

/** The error that an `error` frame reports. */
export const errorOfFrame = ({
  code,
  message,
  status,
  temporary,
  retryAfterMs,
}: ErrorFrame): ChatClientError => new ChatClientError(code, message, { status, temporary, retryAfterMs })

/** What a request fails with whose connection has ended. */
export const connectionLost = (): ChatClientError =>
  new ChatClientError('disconnected', 'The connection was lost.', { temporary: true })

/** What ends with a connection that the server takes back: `disconnected` where it may be replaced by another one. */
export const errorOfDisconnect = ({ code, reason, reconnect }: DisconnectFrame): ChatClientError =>
  reconnect
    ? new ChatClientError('disconnected', `The server asks to connect again: ${reason}.`, { temporary: true })
    : new ChatClientError(closingCodes[code] ?? 'closed', `The server ended the connection: ${reason}.`, {
        status: code,
      })

/** What a `disconnect` for good is called among the errors. */
const closingCodes: Readonly<Record<number, 'unauthorized' | 'forbidden' | 'rate_limited'>> = {
  [closeCodes.tokenExpired]: 'unauthorized',
  [closeCodes.kicked]: 'forbidden',
  [closeCodes.slowConsumer]: 'rate_limited',
}
