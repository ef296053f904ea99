/** From 0 up to, not including, 1. */
export type Random = () => number

/** The same numbers for the same seed (mulberry32): good enough to draw faults, and nothing else. */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const between = (random: Random, min: number, max: number): number => min + random() * (max - min)

/** A whole number from 0 up to, not including, `count`. */
export const below = (random: Random, count: number): number => Math.floor(random() * count)

export const shuffled = <Item>(random: Random, items: readonly Item[]): Item[] => {
  const order = [...items]
  for (let index = order.length - 1; index > 0; index--) {
    const other = below(random, index + 1)
    const [one, two] = [order[index], order[other]] as [Item, Item]
    order[index] = two
    order[other] = one
  }
  return order
}
