/** Who a connection speaks for, as its token said; nothing that a client writes in a frame is ever part of it. */
export type Identity = {
  /** 1 to 128 printable characters. */
  readonly userId: string
  readonly name?: string
  /** Room ids, or patterns ending in `*`, that the user may enter. */
  readonly rooms: readonly string[]
  readonly roles: readonly string[]
  /** When the token ends, in ms since 1970. */
  readonly tokenExpiresAtMs: number
}

/** One open socket: its id, and the @connections endpoint of whoever holds it. */
export type Connection = {
  readonly connectionId: string
  /** URL to which `/@connections/{id}` is appended; no slash at its end. */
  readonly endpoint: string
}

/** The connection that sends a frame, and whom it speaks for. */
export type Caller = Connection & { readonly identity: Identity }

/** A connection in a room. */
export type Member = Connection & {
  readonly roomId: string
  readonly userId: string
  readonly name?: string
  readonly joinedAtMs: number
  /** The row counts as gone from here on, whether or not it has been removed. */
  readonly expiresAtMs: number
  readonly tokenExpiresAtMs: number
}
