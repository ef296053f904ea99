/** A part of a message: text or a web address. */
export type Piece = { readonly text: string; readonly href?: string }

const address = /https?:\/\/[^\s<>"]+/gi
/** Pattern of punctuation at the end of an address, which is seldom part of it. */
const trailing = /[.,;:!?'")\]}]+$/

/** Splits a message at web addresses. The parts together are the message. */
export const splitLinks = (content: string): Piece[] => {
  const pieces: Piece[] = []
  let end = 0
  for (const { 0: found, index } of content.matchAll(address)) {
    const text = found.replace(trailing, '')
    if (!URL.canParse(text)) continue
    if (index > end) pieces.push({ text: content.slice(end, index) })
    pieces.push({ text, href: text })
    end = index + text.length
  }
  if (end < content.length || pieces.length === 0) pieces.push({ text: content.slice(end) })
  return pieces
}
