/** A map that forgets what was set or read longest ago once it holds `capacity` keys: for hints, never for truth. */
export type BoundedMap<K, V> = {
  readonly get: (key: K) => V | undefined
  readonly set: (key: K, value: V) => void
  readonly delete: (key: K) => void
}

export const makeBoundedMap = <K, V>(capacity: number): BoundedMap<K, V> => {
  // A Map iterates in the order of insertion, so its first key is the one that was touched longest ago.
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
