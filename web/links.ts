/** A piece of a message: plain text, or the address of a page. */
export type Piece = { readonly text: string; readonly href?: string }

const address = /https?:\/\/[^\s<>"]+/gi
/** What ends a sentence or closes a bracket after an address is seldom part of it. */
const trailing = /[.,;:!?'")\]}]+$/

/** Cuts a message where web addresses begin and end; the pieces together are the message. */
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
