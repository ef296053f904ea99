import type { AmqpMethod } from '../../support/sockets/amqp-proxy.ts'
import type { Fault, Scene } from './fault.ts'

const lengthMs = [500, 6_000] as const
/** Until its queues have leaders again, everybody has come back, and has had some time to write. */
const recoveryMs = 15_000

/** Killed as by a power cut at one method on one node's connections. */
const killedAt = (name: string, method: AmqpMethod, fate: 'pass' | 'lose'): Fault => ({
  kind: 'broker-killed',
  name,
  lengthMs,
  troubles: ['broker', 'node'],
  recoveryMs,
  inflict: async ({ broker, node }, signal) => {
    await node.amqp.next(method, fate, signal)
    await broker.kill()
    return broker.start
  },
})

const killedInMidDelivery: Fault = {
  kind: 'broker-restarted',
  name: 'killed in mid-delivery',
  lengthMs,
  troubles: ['broker'],
  recoveryMs,
  inflict: async (scene, signal) => {
    await aDelivery(scene, signal)
    await scene.broker.kill()
    return scene.broker.start
  },
}

const stoppedInMidDelivery: Fault = {
  kind: 'broker-restarted',
  name: 'stopped in order in mid-delivery',
  lengthMs,
  troubles: ['broker'],
  recoveryMs,
  inflict: async (scene, signal) => {
    await aDelivery(scene, signal)
    await scene.broker.control('stop_app')
    return () => scene.broker.control('start_app')
  },
}

/** The next one to any node: which of them reads a lane is the broker's to say. */
const aDelivery = async ({ nodes }: Scene, signal: AbortSignal): Promise<void> => {
  const seen = new AbortController()
  const either = AbortSignal.any([signal, seen.signal])
  await Promise.race(nodes.map(({ amqp }) => amqp.next('delivery', 'pass', either)))
  seen.abort()
}

export const brokerFaults: readonly Fault[] = [
  killedAt('before a confirm, the publish lost', 'publish', 'lose'),
  killedAt('before a confirm, the job stored', 'confirm', 'lose'),
  killedAt('after a confirm', 'confirm', 'pass'),
  killedInMidDelivery,
  stoppedInMidDelivery,
]
