export type Tally = {
  /** Messages whose sender was told that they are stored. */
  readonly acked: number
  readonly stored: number
  /** Messages that the SDK handed over. */
  readonly delivered: number
  /** Acknowledged and not stored, or stored and not handed over to a member. */
  readonly lost: number
  /** Stored twice, or handed over twice. */
  readonly doubled: number
  /** Not at the place where its neighbours say it should be. */
  readonly outOfOrder: number
}

/** Something that counts for a client, a room, or both. */
export type Finding = {
  readonly client?: string
  readonly roomId: string
  readonly counts?: Partial<Tally>
  readonly problem?: string
}
