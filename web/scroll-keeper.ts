/** Keeps a list of messages where its reader wants it: at its end, or at what is being read. */
export type ScrollKeeper = {
  readonly isAtEnd: () => boolean
  readonly toEnd: () => void
  /** Makes a change above what is seen, without moving what is seen. */
  readonly holding: (change: () => void) => void
  /** It is in the page again: goes to where it was. */
  readonly restore: () => void
}

type Deps = {
  readonly scroller: HTMLElement
  readonly content: HTMLElement
  /** Called when its reader moves. */
  readonly onMove: () => void
}

/** Nearer than this to the end is at the end. */
const nearPx = 60

export const makeScrollKeeper = ({ scroller, content, onMove }: Deps): ScrollKeeper => {
  let atEnd = true
  let top = 0

  const toEnd = () => {
    atEnd = true
    scroller.scrollTop = scroller.scrollHeight
  }
  scroller.addEventListener(
    'scroll',
    () => {
      // An element that is taken out of the page falls back to its top: nobody moved it.
      if (!scroller.isConnected) return
      top = scroller.scrollTop
      atEnd = scroller.scrollHeight - scroller.clientHeight - top < nearPx
      onMove()
    },
    { passive: true },
  )
  // A new message, a keyboard that slides in, a turned phone: who was at the end stays there.
  const observer = new ResizeObserver(() => {
    if (atEnd && scroller.isConnected) toEnd()
  })
  observer.observe(scroller)
  observer.observe(content)

  return {
    isAtEnd: () => atEnd,
    toEnd,
    holding: (change) => {
      const fromEnd = scroller.scrollHeight - scroller.scrollTop
      change()
      scroller.scrollTop = scroller.scrollHeight - fromEnd
    },
    restore: () => {
      if (atEnd) toEnd()
      else scroller.scrollTop = top
    },
  }
}
