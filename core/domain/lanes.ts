import { fnv1a } from './fnv1a.ts'

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
