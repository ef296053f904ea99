import { Architecture } from 'aws-cdk-lib/aws-lambda'
import { laneNames } from '../../core/domain/lanes.ts'
import type { StackSettings } from '../settings/settings.ts'
import type { Bundles } from './bundle.ts'

/** What every construct of a stack is told. */
export type Deployment = {
  readonly settings: StackSettings
  readonly bundles: Bundles
  /** Under which logs and metrics are found. */
  readonly serviceName: string
  readonly architecture: Architecture
  /** Environments that are kept free for functions, which cannot have more than these; empty: none are. */
  readonly reserved: { readonly send?: number; readonly publish?: number; readonly deliver?: number }
}

export const metricsNamespace = 'SimpleChat'

export const deploymentOf = (settings: StackSettings, bundles: Bundles): Deployment => ({
  settings,
  bundles,
  serviceName: `simple-chat-${settings.stageName}`,
  architecture: architectureOf(settings),
  reserved: reservedOf(settings),
})

/** LocalStack runs functions in containers of the machine's own kind; on AWS, arm64 costs a fifth less. */
const architectureOf = ({ target }: StackSettings): Architecture =>
  target.name === 'localstack' && process.arch !== 'arm64' ? Architecture.X86_64 : Architecture.ARM_64

/**
 * Of deliver, an environment for each lane, since Lambda invokes it once at a time for each, and a room waits if it cannot;
 * and as many again for the lanes of the deployment before, which are read until those of this one are.
 */
const reservedOf = ({ target, laneCounts }: StackSettings): Deployment['reserved'] =>
  target.name === 'aws' && target.concurrency
    ? { ...target.concurrency, deliver: 2 * laneNames(laneCounts).length }
    : {}
