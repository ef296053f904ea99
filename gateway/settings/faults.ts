/** What can be made to go wrong, for tests; all off by default. */
export type FaultSettings = {
  /** Probability, 0 to 1, that $disconnect is not invoked. */
  readonly lostDisconnects: number
  /** Probability that a post answers 429. */
  readonly throttledPosts: number
  /** Probability that a post answers 410, though the connection is there. */
  readonly gonePosts: number
  /** How much later a post takes place. */
  readonly postLatencyMs: number
  /** How long a connection stays unusable after its $connect has returned. */
  readonly connectLatencyMs: number
}

type Chance = 'lostDisconnects' | 'throttledPosts' | 'gonePosts'

export type Faults = {
  readonly current: () => FaultSettings
  /** Takes effect at once. */
  readonly set: (changes: Partial<FaultSettings>) => void
  readonly happens: (name: Chance) => boolean
  /** How often each has happened so far. */
  readonly counts: () => Readonly<Record<Chance, number>>
}

export const noFaults: FaultSettings = {
  lostDisconnects: 0,
  throttledPosts: 0,
  gonePosts: 0,
  postLatencyMs: 0,
  connectLatencyMs: 0,
}

/** @param random from 0 up to, not including, 1 */
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
 * Reads `throttledPosts=0.2,postLatencyMs=50`; an empty text switches nothing on.
 *
 * @throws Error that names what is wrong and what is possible
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
