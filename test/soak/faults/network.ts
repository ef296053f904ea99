import type { Fault } from './fault.ts'

const fromBroker: Fault = {
  kind: 'black-hole',
  name: 'between gateway and broker',
  lengthMs: [3_000, 30_000],
  troubles: ['node', 'broker'],
  recoveryMs: 2_000,
  inflict: async ({ node }) => {
    node.amqp.blackHole()
    return async () => node.amqp.restore()
  },
}

const fromClients: Fault = {
  kind: 'black-hole',
  name: 'between clients and gateways',
  lengthMs: [3_000, 25_000],
  troubles: ['crowd'],
  recoveryMs: 2_000,
  inflict: async ({ crowd }) => {
    crowd.network.blackHole()
    return async () => crowd.network.restore()
  },
}

/** The sockets of a whole crowd are reset, and no gateway's $disconnect runs. */
const lostDisconnects: Fault = {
  kind: 'lost-disconnects',
  name: 'and sockets cut',
  lengthMs: [300, 3_000],
  troubles: ['disconnects', 'crowd'],
  recoveryMs: 3_000,
  inflict: async ({ nodes, crowd }) => {
    await Promise.all(nodes.map((node) => node.set({ lostDisconnects: 1 })))
    crowd.network.cut()
    return async () => {
      crowd.network.restore()
      await Promise.all(nodes.map((node) => node.set({ lostDisconnects: 0 })))
    }
  },
}

export const networkFaults: readonly Fault[] = [fromBroker, fromClients, lostDisconnects]
