import { onTestFinished } from 'vitest'
import type { Handlers } from '../../../gateway/lambda/handlers.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../../gateway/server.ts'
import { type FaultSettings, makeFaults } from '../../../gateway/settings/faults.ts'
import { apiGatewayLimits, type GatewayLimits } from '../../../gateway/settings/limits.ts'
import { makeTelemetry, type RecordedTelemetry } from '../../memory/telemetry.ts'
import { type FakeHandlers, fakeHandlers } from './fake-handlers.ts'

export const credentials = { accessKeyId: 'test', secretAccessKey: 'secret' }

export type TestGateway = Gateway & Pick<FakeHandlers, 'invoked'> & { readonly telemetry: RecordedTelemetry }

type Options = Partial<Omit<GatewayOptions, 'limits' | 'faults' | 'telemetry'>> & {
  readonly handlers?: Partial<Handlers>
  readonly limits?: Partial<GatewayLimits>
  readonly faults?: Partial<FaultSettings>
  readonly random?: () => number
}

/** A gateway over fake handlers on a free port; it is closed when the test ends. */
export const startTestGateway = async ({
  handlers: replaced,
  limits,
  faults,
  random,
  ...options
}: Options = {}): Promise<TestGateway> => {
  const { handlers, invoked } = fakeHandlers(replaced)
  const telemetry = makeTelemetry()
  const gateway = await startGateway({
    port: 0,
    pickHandlers: () => handlers,
    telemetry,
    credentials,
    limits: { ...apiGatewayLimits, sweepIntervalMs: 10, ...limits },
    faults: makeFaults(faults, random),
    ...options,
  })
  onTestFinished(() => gateway.close())
  return { ...gateway, invoked, telemetry }
}
