/** A map that drops the least recently used key once it holds `capacity` keys: for hints only. */
export type BoundedMap<K, V> = {
  readonly get: (key: K) => V | undefined
  readonly set: (key: K, value: V) => void
  readonly delete: (key: K) => void
}

/** Creates an empty map. client/primitives/recent.ts is its twin in the SDK, which must not import the core. */
export const makeBoundedMap = <K, V>(capacity: number): BoundedMap<K, V> => {
  // A Map iterates in the order of insertion, so its first key is the least recently used one.
  const map = new Map<K, V>()
  const set = (key: K, value: V): void => {
    map.delete(key)
    map.set(key, value)
    for (const oldest of map.keys()) {
      if (map.size <= capacity) break
      map.delete(oldest)
    }
  }
  return {
    get: (key) => {
      const value = map.get(key)
      if (value !== undefined) set(key, value)
      return value
    },
    set,
    delete: (key) => {
      map.delete(key)
    },
  }
}
