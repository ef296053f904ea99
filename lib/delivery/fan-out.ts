import { Construct } from 'constructs'
import type { SocketApi } from '../api/socket-api.ts'
import { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import { allowPublishing, type Lanes } from '../lanes/lanes.ts'
import type { Storage } from '../storage/storage.ts'

type Props = {
  readonly deployment: Deployment
  readonly storage: Storage
  readonly lanes: Lanes
  readonly api: SocketApi
}

/** Functions that fan messages out: `deliver` posts them and asks `publish` to enqueue retries. */
export class FanOut extends Construct {
  readonly deliver: ChatFunction
  readonly publish: ChatFunction

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    this.publish = this.publishOf(props)
    this.deliver = this.deliverOf(props)
  }

  private publishOf({ deployment, lanes }: Props): ChatFunction {
    const publish = new ChatFunction(this, 'Publish', {
      deployment,
      name: 'publish',
      description: 'Publishes what deliver asks it to, where the broker is in reach',
      variables: lanes.variables,
      place: lanes.place,
      // `deliver` reserves 5 s of its own time to wait for this function.
      timeoutSeconds: 15,
      reservedConcurrency: deployment.reserved.publish,
    })
    allowPublishing(publish, lanes)
    return publish
  }

  private deliverOf({ deployment, storage, api }: Props): ChatFunction {
    const deliver = new ChatFunction(this, 'Deliver', {
      deployment,
      name: 'deliver',
      description: 'Posts the messages of a lane to the members of their rooms',
      // The lane poller starts before the deployment and waits for a function of this name.
      functionName:
        deployment.settings.target.name === 'localstack' ? `${deployment.serviceName}-deliver` : undefined,
      variables: {
        ...storage.directoryVariables,
        ...storage.logVariables,
        PUBLISH_FUNCTION: this.publish.handler.functionName,
        LARGE_ROOM_MEMBERS: String(deployment.settings.largeRoomMembers ?? 0),
        ...deployment.settings.limits,
      },
      // One CPU: each post is signed, and a room may have thousands of members.
      memoryMb: 1769,
      timeoutSeconds: 60,
      reservedConcurrency: deployment.reserved.deliver,
    })
    storage.allowDirectory(deliver, ['members', 'find', 'roomsOf', 'leave'])
    storage.allowLog(deliver, ['read'])
    api.allowPosts(deliver)
    deliver.allow(['lambda:InvokeFunction'], [this.publish.handler.functionArn])
    return deliver
  }
}
