import type { StoreTrouble } from '../../support/sockets/store-proxy.ts'
import type { Fault } from './fault.ts'

const trouble = (name: string, troubleOf: (amount: number) => Partial<StoreTrouble>): Fault => ({
  kind: 'store-trouble',
  name,
  lengthMs: [3_000, 15_000],
  troubles: ['node store'],
  recoveryMs: 1_000,
  inflict: async ({ node, amount }) => {
    node.store.trouble(troubleOf(amount))
    return async () => node.store.trouble({})
  },
})

export const storeFaults: readonly Fault[] = [
  trouble('throttled', (amount) => ({ throttled: 0.2 + 0.6 * amount })),
  // The adapter gives a request up after 3 s: some take effect after that.
  trouble('slow', (amount) => ({ slow: 0.1 + 0.3 * amount, slowMs: 5_000 })),
  trouble('answers lost after they took effect', (amount) => ({ lostAnswers: 0.1 + 0.4 * amount })),
  trouble('throttled, slow, and answers lost', () => ({
    throttled: 0.1,
    slow: 0.1,
    slowMs: 4_000,
    lostAnswers: 0.1,
  })),
]
