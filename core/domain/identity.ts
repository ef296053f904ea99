/** User of a connection, from its token. No frame of a client can change it. */
export type Identity = {
  /** User id: 1 to 128 printable characters. */
  readonly userId: string
  readonly name?: string
  /** Room ids, or patterns ending in `*`, that the user may enter. */
  readonly rooms: readonly string[]
  readonly roles: readonly string[]
  /** Expiry of the token, in ms since 1970. */
  readonly tokenExpiresAtMs: number
}

/** An open socket: its id, and the @connections endpoint of its API or node. */
export type Connection = {
  readonly connectionId: string
  /** URL to which `/@connections/{id}` is appended; without a slash at its end. */
  readonly endpoint: string
}

/** Connection and identity of the sender of a frame. */
export type Caller = Connection & { readonly identity: Identity }

/** A connection in a room. */
export type Member = Connection & {
  readonly roomId: string
  readonly userId: string
  readonly name?: string
  readonly joinedAtMs: number
  /** Time from which the row is ignored, in ms since 1970, whether or not it has been deleted. */
  readonly expiresAtMs: number
  readonly tokenExpiresAtMs: number
}
