import type { UnsentMessage } from '../api/types.ts'
import type { Calls } from '../connection/calls.ts'

/**
 * Phase of the rooms. Transitions: disconnected ↔ connected, connected → rollingOver → connected or disconnected, and
 * every phase → closed.
 */
export type RoomsPhase =
  | { readonly name: 'disconnected' }
  | { readonly name: 'connected' }
  /** Connected, and joining on a second connection; `missing` lists rooms that are not joined on it yet. */
  | { readonly name: 'rollingOver'; readonly calls: Calls; readonly missing: Set<string> }
  | { readonly name: 'closed'; readonly unsent: readonly UnsentMessage[] }

type State = { phase: RoomsPhase }

/** The only place that changes the phase. Closed is final. */
export const enterPhase = (state: State, phase: RoomsPhase) => {
  if (state.phase.name !== 'closed') state.phase = phase
}

/** Tells whether there is a connection, with or without a rollover. */
export const isConnected = ({ phase }: State): boolean =>
  phase.name === 'connected' || phase.name === 'rollingOver'

/** Tells whether the client was closed. */
export const isClosed = ({ phase }: State): boolean => phase.name === 'closed'
