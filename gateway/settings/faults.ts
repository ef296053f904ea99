/** Faults that tests can inject; all are off by default. */
export type FaultSettings = {
  /** Probability (0 to 1) that $disconnect is not invoked. */
  readonly lostDisconnects: number
  /** Probability (0 to 1) that a post answers 429. */
  readonly throttledPosts: number
  /** Probability (0 to 1) that a post answers 410 although the connection exists. */
  readonly gonePosts: number
  /** Delay of each post, in ms. */
  readonly postLatencyMs: number
  /** Time that a connection stays unusable after its $connect has returned, in ms. */
  readonly connectLatencyMs: number
}

type Chance = 'lostDisconnects' | 'throttledPosts' | 'gonePosts'

/** Fault injection of one gateway. */
export type Faults = {
  /** The settings in force. */
  readonly current: () => FaultSettings
  /** Changes settings with immediate effect. */
  readonly set: (changes: Partial<FaultSettings>) => void
  /** Draws whether a fault happens now, and counts it if so. */
  readonly happens: (name: Chance) => boolean
  /** Number of times that each fault has happened. */
  readonly counts: () => Readonly<Record<Chance, number>>
}

/** Settings under which no fault happens. */
export const noFaults: FaultSettings = {
  lostDisconnects: 0,
  throttledPosts: 0,
  gonePosts: 0,
  postLatencyMs: 0,
  connectLatencyMs: 0,
}

/** Creates fault injection. @param random returns a number from 0 (inclusive) to 1 (exclusive) */
export const makeFaults = (
  initial: Partial<FaultSettings> = {},
  random: () => number = Math.random,
): Faults => {
  let settings: FaultSettings = { ...noFaults, ...initial }
  const counts = { lostDisconnects: 0, throttledPosts: 0, gonePosts: 0 }
  return {
    current: () => settings,
    set: (changes) => {
      settings = { ...settings, ...changes }
    },
    happens: (name) => {
      const happens = settings[name] > 0 && random() < settings[name]
      if (happens) counts[name]++
      return happens
    },
    counts: () => ({ ...counts }),
  }
}

/**
 * Parses a list such as `throttledPosts=0.2,postLatencyMs=50`. An empty text enables no fault.
 *
 * @throws Error that names the invalid part and the valid values
 */
export const parseFaults = (text: string): Partial<FaultSettings> => {
  const settings: Partial<Record<keyof FaultSettings, number>> = {}
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const [name = '', value = '', ...rest] = part.split('=').map((piece) => piece.trim())
    if (!isFault(name) || rest.length > 0) {
      throw new Error(
        `Unknown fault ${JSON.stringify(part.trim())}. Known: ${Object.keys(noFaults).join(', ')}; write name=value.`,
      )
    }
    settings[name] = readValue(name, value)
  }
  return settings
}

const isFault = (name: string): name is keyof FaultSettings => Object.hasOwn(noFaults, name)

const readValue = (name: keyof FaultSettings, text: string): number => {
  const value = text === '' ? Number.NaN : Number(text)
  const isLatency = name.endsWith('Ms')
  if (value >= 0 && value <= (isLatency ? 60_000 : 1)) return value
  const range = isLatency ? 'a number of ms from 0 to 60000' : 'a probability from 0 to 1'
  throw new Error(`Fault ${name} must be ${range}, not ${JSON.stringify(text)}.`)
}
