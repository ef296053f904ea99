/**
 * Membership on the current connection. `caughtUp` turns true once per connection. Transitions:
 *
 * - outside → joining → joined or outside
 * - joined → outside, when a rejoin is due or the connection was lost
 * - every phase → closed
 */
export type Membership =
  | { readonly name: 'outside'; readonly caughtUp: boolean }
  /** A join is in flight. `joinAgain` records that another one became due meanwhile. */
  | { readonly name: 'joining'; readonly caughtUp: boolean; readonly joinAgain: boolean }
  | { readonly name: 'joined'; readonly caughtUp: boolean }
  | { readonly name: 'closed'; readonly caughtUp: false }

type State = { phase: Membership }

/** The only place that changes the phase. A closed room stays closed. */
export const enterPhase = (state: State, phase: Membership) => {
  if (state.phase.name !== 'closed') state.phase = phase
}

/** Tells whether the room was closed, which is final. */
export const isClosed = ({ phase }: State): boolean => phase.name === 'closed'

/** Makes another join due, even while one is in flight. */
export const requireJoin = (state: State, caughtUp = state.phase.caughtUp) => {
  const isJoining = state.phase.name === 'joining'
  enterPhase(
    state,
    isJoining ? { name: 'joining', caughtUp, joinAgain: true } : { name: 'outside', caughtUp },
  )
}
