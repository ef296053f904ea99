/**
 * Throws an error outside the client's own calls, so that it surfaces like any uncaught error: in the browser's console,
 * or as Node's `uncaughtException`. For defects only.
 */
export const throwLater = (error: unknown): void => {
  queueMicrotask(() => {
    throw error
  })
}
