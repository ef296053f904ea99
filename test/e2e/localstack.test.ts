import { describe, expect, inject, it } from 'vitest'
import { makeFramePoster } from '../../adapters/apigateway/frame-poster.ts'
import { makeRoomDirectory } from '../../adapters/dynamodb/directory/room-directory.ts'
import { makeMessageLog } from '../../adapters/dynamodb/log/message-log.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import { runSmoke } from '../../cli/smoke/run-smoke.ts'
import { makeHandlers } from '../../gateway/lambda/handlers.ts'
import { makeOpenAuthentication } from '../../lambdas/aws/authenticate.ts'
import type { RabbitMqEvent } from '../../lambdas/aws/events.ts'
import { makeManagementEndpoint } from '../../lambdas/wiring/endpoint.ts'
import { defaultLimits } from '../../protocol/limits.ts'
import { makeTelemetry } from '../memory/telemetry.ts'
import { invocation } from '../support/gateway/lambda-events.ts'
import { credentials, startTestGateway } from '../support/gateway/test-gateway.ts'
import { awsVariables, ownLanes, spawnPoller } from '../support/processes/poller-process.ts'
import { needs } from '../support/requirements.ts'
import { startLambdaApi } from '../support/servers/lambda-api.ts'
import { makeTestTables } from '../support/servers/test-tables.ts'

const rabbitMq = inject('rabbitMq')
const name = 'simple-chat-live-deliver'

const makeStore = async () => {
  const { client, names } = await makeTestTables()
  const common = { client, clock: systemClock }
  return {
    log: makeMessageLog({
      ...common,
      tableName: names.messages,
      newId: makeIdSource({ clock: systemClock }),
      limits: defaultLimits,
    }),
    directory: makeRoomDirectory({ ...common, tableName: names.connections }),
  }
}

/** A deployment as on LocalStack, with the gateway for its API Gateway: nobody polls but the process, and posts go by path. */
const startDeployment = async () => {
  const lanes = ownLanes(rabbitMq ?? '')
  const telemetry = makeTelemetry()
  const api = await startLambdaApi()
  let endpointUrl = ''
  const handlers = makeHandlers({
    ...(await makeStore()),
    publisher: lanes.publisher,
    poster: makeFramePoster({ telemetry, credentials, region: 'us-east-1' }),
    authenticate: makeOpenAuthentication(),
    managementEndpoint: (context) => makeManagementEndpoint({ endpointUrl, region: 'us-east-1' })(context),
    largeRoomMembers: null,
    clock: systemClock,
    newId: makeIdSource({ clock: systemClock }),
    telemetry,
    limits: defaultLimits,
    maxAgeSeconds: null,
  })
  const gateway = await startTestGateway({ handlers })
  endpointUrl = gateway.url
  api.deploy(name, (event: RabbitMqEvent) => handlers.deliver(event, invocation))
  const startPoller = () => spawnPoller({ ...lanes.env, ...awsVariables(api.url), DELIVER_FUNCTION: name })
  return { url: `${gateway.url.replace('http', 'ws')}/`, startPoller }
}

const smoke = async (url: string, timeoutMs: number) => {
  const lines: string[] = []
  const tell = (line: string) => void lines.push(line)
  const identification = { kind: 'open' } as const
  const options = { url, roomId: 'general', identification, messages: 5, timeoutMs }
  return { wentWell: await runSmoke(options, { tell, complain: tell }), lines }
}

describe(
  'a deployment whose lanes are read by the poller process',
  needs('RabbitMQ', rabbitMq !== null),
  () => {
    it('passes the smoke test', async () => {
      const { url, startPoller } = await startDeployment()
      await startPoller().untilLogged('Polling the lanes')
      const { wentWell, lines } = await smoke(url, 20_000)
      expect(lines.at(-1)).toMatch(/^All steps passed/)
      expect(wentWell).toBe(true)
    })

    it('fails it without the poller: everything is stored, and nothing pushed', async () => {
      const { url, startPoller } = await startDeployment()
      const poller = startPoller()
      await poller.untilLogged('Polling the lanes')
      poller.child.kill('SIGKILL')
      await poller.exited
      const { wentWell, lines } = await smoke(url, 6_000)
      expect(wentWell).toBe(false)
      expect(lines.at(-1)).toMatch(/^receive .*A has 10 of 10 messages, 0 of them pushed/)
    })
  },
)
