import { stripVTControlCharacters } from 'node:util'

/**
 * Makes text of other users safe for a terminal: it cannot move the cursor, change colours or titles, or turn the direction of
 * surrounding text. Line breaks stay.
 */
export const printable = (text: string): string =>
  stripVTControlCharacters(text.toWellFormed())
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replaceAll('\t', '    ')
    .replace(/[^\P{Cc}\n]/gu, '\ufffd')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')

/** Makes text of other users safe for one line of a terminal, such as a name. */
export const printableLine = (text: string, maxLength = 40): string => {
  const line = printable(text).replaceAll('\n', ' ')
  const characters = [...line]
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : line
}

/** Returns the columns of a text in a terminal: Chinese, Japanese, Korean and emoji characters take two. */
export const columnsOf = (text: string): number => {
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const wide =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
