/** The messages of all rooms that the server has neither stored nor refused yet. */
export type Unsent = {
  /** Another one; what it returns is called when it is none any more. */
  readonly add: (roomId: string) => () => void
  /** Of this room, or of all. */
  readonly count: (roomId?: string) => number
  /** When the oldest was added, in ms of `performance.now()`. */
  readonly oldestAtMs: () => number | undefined
}

export const makeUnsent = (): Unsent => {
  const messages = new Set<{ readonly roomId: string; readonly atMs: number }>()
  return {
    add: (roomId) => {
      const message = { roomId, atMs: performance.now() }
      messages.add(message)
      return () => messages.delete(message)
    },
    count: (roomId) =>
      [...messages].filter((message) => roomId === undefined || message.roomId === roomId).length,
    // A set keeps the order in which it was filled.
    oldestAtMs: () => messages.values().next().value?.atMs,
  }
}
