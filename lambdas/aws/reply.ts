import type { Caller } from '../../core/domain/identity.ts'
import type { Clock, Telemetry } from '../../core/ports.ts'
import { ChatError, errorFrame } from '../../protocol/chat-error.ts'
import { type ClientFrame, parseFrame } from '../../protocol/client-frames.ts'
import type { Limits } from '../../protocol/limits.ts'
import type { ReplyFrame } from '../../protocol/server-frames.ts'
import type { MessageEvent, Response } from './events.ts'
import { identityOf } from './identity-context.ts'

/** Dependencies of `replyTo`. */
export type ReplyDeps = {
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly limits: Limits
  readonly managementEndpoint: ManagementEndpoint
}

/** Returns the @connections endpoint of the API of an event. */
export type ManagementEndpoint = (context: {
  readonly apiId: string
  readonly domainName: string
  readonly stage: string
}) => string

/**
 * Answers a message event: parses its frame, passes it to `handle`, and returns the reply as a frame. Every failure becomes
 * an `error` frame here and nowhere else. The status is always 200, because clients see the frame only.
 */
export const replyTo = async (
  event: MessageEvent,
  { telemetry, clock, limits, managementEndpoint }: ReplyDeps,
  handle: (caller: Caller, frame: ClientFrame) => Promise<ReplyFrame>,
): Promise<Response> => {
  const { connectionId, requestId } = event.requestContext
  const parsed = parseFrame(event.body, limits)
  if (!parsed.ok) return responseOf(errorFrame(parsed.error, parsed.id))
  try {
    const identity = identityOf(event.requestContext.authorizer)
    if (identity.tokenExpiresAtMs <= clock())
      throw new ChatError('unauthorized', 'Your token has expired. Connect again with a new one.')
    const caller = { connectionId, endpoint: managementEndpoint(event.requestContext), identity }
    return responseOf(await handle(caller, parsed.frame))
  } catch (error) {
    const { action, id } = parsed.frame
    const room = 'roomId' in parsed.frame ? { roomId: parsed.frame.roomId } : {}
    return responseOf(
      errorFrame(toClientError(error, telemetry, { connectionId, requestId, action, ...room }), id),
    )
  }
}

/** Converts an error to the one that the client sees. Defects and outages are logged here, once, with their cause. */
export const toClientError = (
  error: unknown,
  telemetry: Telemetry,
  fields: Readonly<Record<string, unknown>>,
): ChatError => {
  if (error instanceof ChatError) {
    if (error.code === 'unavailable')
      telemetry.error('A request failed because the store or broker is unavailable', error, fields)
    return error
  }
  telemetry.error('A request failed because of a defect', error, fields)
  return new ChatError(
    'internal',
    'The service failed because of a defect, which was logged. Send the frame again.',
    { cause: error },
  )
}

const responseOf = (frame: ReplyFrame): Response => ({ statusCode: 200, body: JSON.stringify(frame) })
