import { fnv1a } from '../primitives/fnv1a.ts'

/** Where a connection stands in a room's directory: 4 hex digits that spread connections evenly. */
export const slotOf = (connectionId: string): string =>
  (fnv1a(connectionId) >>> 16).toString(16).padStart(4, '0')

/** A connection's place in a room's directory: the slot comes first, so that a range of slots is a range of keys. */
export const slotKeyOf = (connectionId: string): string => `${slotOf(connectionId)}#${connectionId}`

/** A part of a room's members: those whose slots lie between these two, or are one of them. */
export type SlotRange = { readonly first: string; readonly last: string }

/** The keys of all who are in a range of slots lie between these two: `$` is the character after `#`. */
export const keyBoundsOf = ({ first, last }: SlotRange) => ({ lowest: `${first}#`, highest: `${last}$` })

/**
 * The parts in which a large room is served, by the first digit of the slot: together they hold each member once.
 * 16, so that a message costs few jobs, and yet a part of a room of 100,000 has no more members, some 6,000, than can
 * be posted to in seconds. The same for every room and at any size: whoever is in a part stays in it, and so gets
 * everything from one lane, in order.
 */
export const slotRanges: readonly SlotRange[] = [...'0123456789abcdef'].map((digit) => ({
  first: `${digit}000`,
  last: `${digit}fff`,
}))
