/** How many lanes there are; a room's messages all take one of them, and lanes run beside each other. */
export type LaneCounts = {
  readonly lanes: number
  /** Lanes for the parts of large rooms, so that small rooms never wait behind them. */
  readonly bulkLanes: number
}

/** A lane's name, `lane.0` or `bulk.3`: the routing key of its jobs. */
export type Lane = string

export const laneNames = ({ lanes, bulkLanes }: LaneCounts): readonly Lane[] => [
  ...Array.from({ length: lanes }, (_, index) => `lane.${index}`),
  ...Array.from({ length: bulkLanes }, (_, index) => `bulk.${index}`),
]

/** The one lane of a room: the same for every publisher that knows the same counts. */
export const laneOf = (roomId: string, { lanes }: LaneCounts): Lane => `lane.${fnv1a(roomId) % lanes}`

/** Where a connection stands in a room's directory: 4 hex digits that spread connections evenly. */
export const slotOf = (connectionId: string): string =>
  (fnv1a(connectionId) >>> 16).toString(16).padStart(4, '0')

/** FNV-1a, 32 bits, over UTF-16 code units: spreads, and promises nothing against an adversary. */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  // One more round of mixing: FNV-1a alone leaves the low bits of short, similar ids close together.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
