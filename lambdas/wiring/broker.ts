import * as v from 'valibot'
import { makeBrokerConnection } from '../../adapters/rabbitmq/connection.ts'
import { makeRoomPublisher } from '../../adapters/rabbitmq/room-publisher.ts'
import { describeTopology } from '../../adapters/rabbitmq/topology.ts'
import { makeSecretSource } from '../../adapters/secrets-manager/secret-source.ts'
import { systemClock } from '../../adapters/system/clock.ts'
import { makeIdSource } from '../../adapters/system/id-source.ts'
import type { RoomPublisher, Telemetry } from '../../core/ports.ts'

type Settings = {
  readonly RABBITMQ_URL: string
  readonly RABBITMQ_SECRET_ARN?: string
  readonly QUEUE_PREFIX: string
  readonly LANES: number
  readonly BULK_LANES: number
}

/** Describes exchanges and queues by the environment's settings. */
export const topologyOf = ({ LANES: lanes, BULK_LANES: bulkLanes, QUEUE_PREFIX: prefix }: Settings) =>
  describeTopology({ lanes, bulkLanes, prefix })

/** Returns the broker's URL with user and password, from the URL itself or from a secret, read for each connection. */
export const brokerAddressOf = ({
  RABBITMQ_URL: address,
  RABBITMQ_SECRET_ARN: secretArn,
}: Settings): string | (() => Promise<string>) => {
  if (secretArn === undefined) return address
  const secretOf = makeSecretSource()
  return async () => {
    const { username, password } = v.parse(CredentialsSchema, await secretOf(secretArn))
    const url = new URL(address)
    url.username = encodeURIComponent(username)
    url.password = encodeURIComponent(password)
    return url.href
  }
}

/** Creates a publisher. The deployment has declared its topology. */
export const publisherOf = (settings: Settings, telemetry: Telemetry): RoomPublisher =>
  makeRoomPublisher({
    connection: makeBrokerConnection({ url: brokerAddressOf(settings), telemetry }),
    topology: topologyOf(settings),
    newId: makeIdSource({ clock: systemClock }),
    telemetry,
  })

const CredentialsSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ username: v.string(), password: v.string() }),
)
