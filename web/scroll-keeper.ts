/** Keeps a list's scroll position: at its end, or at the message that is being read. */
export type ScrollKeeper = {
  readonly isAtEnd: () => boolean
  readonly toEnd: () => void
  /** Changes the list above the visible part without moving that part. */
  readonly holding: (change: () => void) => void
  /** Restores the position after the list returned to the page. */
  readonly restore: () => void
}

type Deps = {
  readonly scroller: HTMLElement
  readonly content: HTMLElement
  /** The reader has scrolled. */
  readonly onMove: () => void
}

/** Distance that counts as being at the end, in pixels (our choice). */
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
      // An element that leaves the page scrolls to its top; that is no action of the reader.
      if (!scroller.isConnected) return
      top = scroller.scrollTop
      atEnd = scroller.scrollHeight - scroller.clientHeight - top < nearPx
      onMove()
    },
    { passive: true },
  )
  // A new message, an opening keyboard or a turned phone keep a reader at the end.
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
