import { ChatClientError } from '../api/errors.ts'
import type { Calls } from '../connection/calls.ts'

type LeaveCalls = Pick<Calls, 'leaveRoom'>

/**
 * Leaves a room on all given connections. A lost connection counts as left.
 *
 * @throws ChatClientError the first refusal, after every connection has replied, so that no later join overtakes a leave
 */
export const requestLeave = async (connections: readonly LeaveCalls[], roomId: string): Promise<void> => {
  const left = await Promise.allSettled(connections.map((calls) => leaveOn(calls, roomId)))
  const refusal = left.find((outcome) => outcome.status === 'rejected')
  if (refusal) throw refusal.reason
}

const leaveOn = async (calls: LeaveCalls, roomId: string): Promise<void> => {
  try {
    await calls.leaveRoom({ roomId })
  } catch (error) {
    if (!(error instanceof ChatClientError) || error.code !== 'disconnected') throw error
  }
}
