/**
 * Throws an error where no code of the client can be in the way of it, so that it ends up as any uncaught error
 * does: in the browser's console, or as Node's `uncaughtException`. For defects only.
 */
export const throwLater = (error: unknown): void => {
  queueMicrotask(() => {
    throw error
  })
}
