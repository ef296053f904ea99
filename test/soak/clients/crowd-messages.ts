import type { Cursor } from '../../../protocol/client-frames.ts'

export type CrowdConfig = {
  readonly name: string
  /** `ws://…/`: where the clients connect. */
  readonly url: string
  /** Numbers of its SDK clients, by which they choose their rooms. */
  readonly members: readonly number[]
  readonly journalFile: string
  readonly seed: number
  /** Mean pause of one client in one room between two messages. */
  readonly pauseMs: number
  /** When the one that comes late does so, since the beginning. */
  readonly lateMs: number
}

/**
 * - `begin`: write, read, leave and join
 * - `hush`: nothing new is written from now on
 * - `status`: how far is everybody
 * - `end`: close the clients and the journal, and end
 */
export type ToCrowd = { readonly kind: 'begin' | 'hush' | 'status' | 'end' }

export type CrowdStatus = {
  /** Nobody writes, pages back, leaves or joins any more. */
  readonly hushed: boolean
  /** By clientMessageId. */
  readonly unsettled: readonly string[]
  /** How far each SDK client has come in the rooms that it is in. */
  readonly positions: Readonly<Record<string, Readonly<Record<string, Cursor>>>>
}

export type FromCrowd = { readonly kind: 'ready' | 'ended' } | ({ readonly kind: 'status' } & CrowdStatus)
