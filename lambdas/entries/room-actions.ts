import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { readLimits } from '../../adapters/settings/limits.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeGetHistory } from '../../core/use-cases/get-history.ts'
import { makeHello } from '../../core/use-cases/hello.ts'
import { makeJoinRoom } from '../../core/use-cases/join-room.ts'
import { makeLeaveRoom } from '../../core/use-cases/leave-room.ts'
import { makePing } from '../../core/use-cases/ping.ts'
import { makeRoomActionsHandler } from '../handlers/room-actions.ts'
import { managementEndpointOf } from '../wiring/endpoint.ts'
import {
  directorySettings,
  endpointSettings,
  environment,
  logSettings,
  read,
  telemetrySettings,
} from '../wiring/environment.ts'
import { directoryOf, logOf } from '../wiring/store.ts'
import { telemetryOf } from '../wiring/telemetry.ts'

const settings = read({ ...telemetrySettings, ...directorySettings, ...logSettings, ...endpointSettings })
const limits = readLimits(environment)
const { telemetry, observed } = telemetryOf(settings)
const client = makeDynamoDbClient()
const parts = {
  directory: directoryOf(client, settings),
  log: logOf(client, settings, limits),
  clock: systemClock,
  limits,
}

/** Maximum age of a connection in seconds: API Gateway quota "connection duration", 2 hours. */
const maxAgeSeconds = 2 * 60 * 60

export const handler = observed(
  makeRoomActionsHandler({
    ...parts,
    joinRoom: makeJoinRoom(parts),
    leaveRoom: makeLeaveRoom(parts),
    getHistory: makeGetHistory(parts),
    hello: makeHello({ ...parts, maxAgeSeconds }),
    ping: makePing(parts),
    telemetry,
    managementEndpoint: managementEndpointOf(settings),
  }),
)
