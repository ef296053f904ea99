import type { NodeSettings } from '../nodes/node-messages.ts'
import type { Fault } from './fault.ts'

/**
 * On all nodes, while none of them is away, nor the broker: nothing would be posted then. Amid other troubles they
 * happen all the same.
 */
const posts = (
  kind: Fault['kind'],
  name: string,
  setting: keyof NodeSettings,
  probability: number,
): Fault => ({
  kind,
  name,
  lengthMs: [5_000, 15_000],
  troubles: ['every node', 'broker'],
  recoveryMs: 1_000,
  inflict: async ({ nodes }) => {
    await Promise.all(nodes.map((node) => node.set({ [setting]: probability })))
    return async () => {
      await Promise.all(nodes.map((node) => node.set({ [setting]: 0 })))
    }
  },
})

export const postFaults: readonly Fault[] = [
  posts('throttled-posts', '20% of posts answer 429', 'throttledPosts', 0.2),
  // Each makes the service forget, in all its rooms, a connection that is in truth there. A client is posted to some
  // ten times a second at most: at 5% one is forgotten every few seconds, and has the time to find out.
  posts('gone-posts', '5% of posts answer 410', 'gonePosts', 0.05),
]
