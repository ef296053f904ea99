import type { FrameOf } from '../../protocol/client-frames.ts'
import type {
  AckFrame,
  HistoryFrame,
  JoinedFrame,
  LeftFrame,
  PongFrame,
} from '../../protocol/server-frames.ts'
import { isAck, isHistory, isJoined, isLeft, isPong } from './decode-frame.ts'
import type { Request } from './requests.ts'

type Fields<Action extends Parameters<Request>[0]['action']> = Omit<FrameOf<Action>, 'action' | 'id'>

/** The protocol's actions as functions. Each rejects with a ChatClientError, as `Request` does. */
export type Calls = {
  readonly sendMessage: (fields: Fields<'sendMessage'>) => Promise<AckFrame>
  readonly joinRoom: (fields: Fields<'joinRoom'>) => Promise<JoinedFrame>
  readonly leaveRoom: (fields: Fields<'leaveRoom'>) => Promise<LeftFrame>
  readonly getHistory: (fields: Fields<'getHistory'>) => Promise<HistoryFrame>
  readonly ping: (fields: Fields<'ping'>) => Promise<PongFrame>
}

/** Creates the actions on top of a `Request`. */
export const makeCalls = (request: Request): Calls => ({
  sendMessage: (fields) => request({ action: 'sendMessage', ...fields }, isAck),
  joinRoom: (fields) => request({ action: 'joinRoom', ...fields }, isJoined),
  leaveRoom: (fields) => request({ action: 'leaveRoom', ...fields }, isLeft),
  getHistory: (fields) => request({ action: 'getHistory', ...fields }, isHistory),
  ping: (fields) => request({ action: 'ping', ...fields }, isPong),
})
