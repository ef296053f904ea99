import type { Fault } from './fault.ts'

const killed: Fault = {
  kind: 'gateway-killed',
  name: 'and a new one started',
  lengthMs: [500, 6_000],
  troubles: ['node'],
  recoveryMs: 4_000,
  inflict: async ({ node }) => {
    await node.kill()
    return node.start
  },
}

const frozenNode = (name: string, lengthMs: Fault['lengthMs']): Fault => ({
  kind: 'frozen',
  name,
  lengthMs,
  troubles: ['node'],
  recoveryMs: 3_000,
  inflict: async ({ node }) => {
    node.freeze()
    return async () => node.thaw()
  },
})

const frozenCrowd: Fault = {
  kind: 'frozen',
  name: "the clients' process",
  lengthMs: [2_000, 30_000],
  troubles: ['crowd'],
  recoveryMs: 3_000,
  inflict: async ({ crowd }) => {
    crowd.freeze()
    return async () => crowd.thaw()
  },
}

export const processFaults: readonly Fault[] = [
  killed,
  // Either side gives a connection up after two heartbeats of 10 s; RabbitMQ looks every 10 s or so.
  frozenNode('a gateway, beyond the patience of heartbeats', [25_000, 36_000]),
  frozenNode('a gateway', [1_000, 9_000]),
  frozenCrowd,
]
