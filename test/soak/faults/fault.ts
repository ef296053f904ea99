import type { RabbitMqServer } from '../../support/servers/rabbitmq-server.ts'
import type { Crowd } from '../clients/crowd.ts'
import type { GatewayNode } from '../nodes/node.ts'

/** What a fault is drawn from; `--faults` chooses among them. */
export const faultKinds = [
  'broker-killed',
  'broker-restarted',
  'gateway-killed',
  'frozen',
  'black-hole',
  'throttled-posts',
  'gone-posts',
  'lost-disconnects',
  'store-trouble',
  'clock-jumped',
] as const

export type FaultKind = (typeof faultKinds)[number]

/** What faults happen to. */
export type Scene = {
  readonly broker: RabbitMqServer
  readonly nodes: readonly GatewayNode[]
  /** The one that was drawn. */
  readonly node: GatewayNode
  /** The one that was drawn. */
  readonly crowd: Crowd
  /** Drawn, 0 to 1: how bad it is, where that can differ. */
  readonly amount: number
}

type Troubled = 'node' | 'node store' | 'every node' | 'crowd' | 'broker' | 'disconnects' | 'clock'

/** Ends a fault; resolves when what it troubled is as it was. */
export type Lift = () => Promise<void>

export type Fault = {
  readonly kind: FaultKind
  /** Tells it apart within its kind. */
  readonly name: string
  /** Shortest and longest, in ms. */
  readonly lengthMs: readonly [number, number]
  /** No two faults trouble the same thing at a time. `node` and `crowd` are those that were drawn. */
  readonly troubles: readonly Troubled[]
  /** What the thing needs to come back, in ms, before it is troubled again. */
  readonly recoveryMs: number
  /** Resolves once it has happened. Gives up waiting for its moment when `signal` is aborted, and rejects with its reason. */
  readonly inflict: (scene: Scene, signal: AbortSignal) => Promise<Lift>
}
