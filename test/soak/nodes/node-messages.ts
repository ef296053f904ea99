/** What may go wrong in a node by itself, and can be changed while it runs. */
export type NodeSettings = {
  /** Probabilities, 0 to 1: see gateway/settings/faults.ts. */
  readonly throttledPosts: number
  readonly gonePosts: number
  readonly lostDisconnects: number
  /** How far the process's clock is ahead of the machine's. */
  readonly clockOffsetMs: number
}

export const noNodeSettings: NodeSettings = {
  throttledPosts: 0,
  gonePosts: 0,
  lostDisconnects: 0,
  clockOffsetMs: 0,
}

export type NodeConfig = {
  readonly env: Readonly<Record<string, string>>
  readonly maxRunEntries?: number
  /** Those that it begins with; a message to it changes them. */
  readonly settings: NodeSettings
}

/** `set` answers each change of the settings. */
export type FromNode =
  | { readonly kind: 'ready' | 'set' }
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<string, number>> }

/** Exit code of a node that found no broker or no store. */
export const couldNotStart = 1
