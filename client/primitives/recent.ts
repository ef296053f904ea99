/** A map of bounded size that drops its oldest entry for a new one. core/primitives/bounded-map.ts is its twin. */
export type Recent<Value> = {
  readonly get: (key: string) => Value | undefined
  readonly set: (key: string, value: Value) => void
  readonly delete: (key: string) => void
}

/** Creates an empty map. @param size maximum number of entries */
export const makeRecent = <Value>(size: number): Recent<Value> => {
  const values = new Map<string, Value>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.delete(key)
      values.set(key, value)
      const [oldest] = values.keys()
      if (values.size > size && oldest !== undefined) values.delete(oldest)
    },
    delete: (key) => {
      values.delete(key)
    },
  }
}
