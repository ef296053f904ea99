import { Architecture } from 'aws-cdk-lib/aws-lambda'
import { laneNames } from '../../core/domain/lanes.ts'
import type { StackSettings } from '../settings/settings.ts'
import type { Bundles } from './bundle.ts'

/** Values that every construct of a stack needs. */
export type Deployment = {
  readonly settings: StackSettings
  readonly bundles: Bundles
  /** Name under which logs and metrics are found. */
  readonly serviceName: string
  readonly architecture: Architecture
  /** Reserved concurrency by function, which is also its maximum; empty if none is reserved. */
  readonly reserved: { readonly send?: number; readonly publish?: number; readonly deliver?: number }
}

/** CloudWatch namespace of all metrics. */
export const metricsNamespace = 'SimpleChat'

/** Metric of failed connections, which is made from the access log and not reported by a function. */
export const connectsFailedName = 'connect.failed'

/** Derives the values of `Deployment` from the settings. */
export const deploymentOf = (settings: StackSettings, bundles: Bundles): Deployment => ({
  settings,
  bundles,
  serviceName: `simple-chat-${settings.stageName}`,
  architecture: architectureOf(settings),
  reserved: reservedOf(settings),
})

/** Selects the architecture: LocalStack runs functions on the machine's own; on AWS, arm64 costs 20% less. */
const architectureOf = ({ target }: StackSettings): Architecture =>
  target.name === 'localstack' && process.arch !== 'arm64' ? Architecture.X86_64 : Architecture.ARM_64

/**
 * Reserves concurrency. `deliver` needs one environment per lane, because Lambda runs one invocation per lane at a time
 * and a room waits without it. It needs as many again for the previous deployment's lanes, which are read meanwhile.
 */
const reservedOf = ({ target, laneCounts }: StackSettings): Deployment['reserved'] =>
  target.name === 'aws' && target.concurrency
    ? { ...target.concurrency, deliver: 2 * laneNames(laneCounts).length }
    : {}
