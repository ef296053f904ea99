import { fnv1a } from '../primitives/fnv1a.ts'

/** Returns a connection's slot: 4 hex digits that distribute connections evenly. */
export const slotOf = (connectionId: string): string =>
  (fnv1a(connectionId) >>> 16).toString(16).padStart(4, '0')

/** Returns a connection's key in a room's directory. The slot comes first, so that a range of slots is a range of keys. */
export const slotKeyOf = (connectionId: string): string => `${slotOf(connectionId)}#${connectionId}`

/** A part of a room's members: those with slots from `first` to `last`, inclusive. */
export type SlotRange = { readonly first: string; readonly last: string }

/** Returns the bounds of the keys in a range of slots. The upper one uses `$`, the character after `#`. */
export const keyBoundsOf = ({ first, last }: SlotRange) => ({ lowest: `${first}#`, highest: `${last}$` })

/**
 * The parts of a large room, by the first digit of the slot. Together they contain each member once.
 *
 * With 16 parts, a message costs few jobs. A part of a room of 100,000 has about 6,000 members, which takes seconds to post
 * to (our choice). Parts are the same for every room at any size, so a member gets everything from one lane, in order.
 */
export const slotRanges: readonly SlotRange[] = [...'0123456789abcdef'].map((digit) => ({
  first: `${digit}000`,
  last: `${digit}fff`,
}))
