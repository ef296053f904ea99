/**
 * Calls back when the browser says that the network is back or that the page is seen again: timers of a hidden page
 * and of a sleeping machine come late. Does nothing in Node. What it returns ends it.
 */
export const onWaking = (callback: () => void): (() => void) => {
  if (typeof window === 'undefined') return () => undefined
  const seen = () => {
    if (document.visibilityState === 'visible') callback()
  }
  window.addEventListener('online', callback)
  document.addEventListener('visibilitychange', seen)
  return () => {
    window.removeEventListener('online', callback)
    document.removeEventListener('visibilitychange', seen)
  }
}
