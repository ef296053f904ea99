import { Construct } from 'constructs'
import type { Route } from '../../lambdas/routes.ts'
import { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'
import { allowPublishing, type Lanes } from '../lanes/lanes.ts'
import type { Storage } from '../storage/storage.ts'

type Props = { readonly deployment: Deployment; readonly storage: Storage; readonly lanes: Lanes }

/** Name of a function behind a route. */
export type RouteFunctionName = Route['function']

/** The functions behind the routes of the WebSocket API. Each has only the permissions of its use cases. */
export class RouteFunctions extends Construct {
  readonly byName: Readonly<Record<RouteFunctionName, ChatFunction>>

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    this.byName = {
      connect: this.connect(props),
      disconnect: this.disconnect(props),
      default: this.default(props),
      'room-actions': this.roomActions(props),
      'send-message': this.sendMessage(props),
    }
  }

  private connect({ deployment, storage }: Props): ChatFunction {
    const connect = new ChatFunction(this, 'Connect', {
      deployment,
      name: 'connect',
      description: 'Registers a connection',
      variables: { ...storage.directoryVariables, ...deployment.settings.limits },
    })
    storage.allowDirectory(connect, ['members', 'join', 'leave'])
    return connect
  }

  private disconnect({ deployment, storage }: Props): ChatFunction {
    const disconnect = new ChatFunction(this, 'Disconnect', {
      deployment,
      name: 'disconnect',
      description: 'Takes a closed connection out of its rooms',
      variables: storage.directoryVariables,
    })
    storage.allowDirectory(disconnect, ['markGone', 'roomsOf', 'leave'])
    return disconnect
  }

  private default({ deployment }: Props): ChatFunction {
    return new ChatFunction(this, 'Default', {
      deployment,
      name: 'default',
      description: 'Says what is wrong with a frame that has no route',
      variables: deployment.settings.limits,
    })
  }

  private roomActions({ deployment, storage }: Props): ChatFunction {
    const roomActions = new ChatFunction(this, 'RoomActions', {
      deployment,
      name: 'room-actions',
      description: 'What a room is asked and not told: joinRoom, leaveRoom, getHistory, hello, ping',
      variables: { ...storage.directoryVariables, ...storage.logVariables, ...deployment.settings.limits },
      memoryMb: 1024,
    })
    storage.allowDirectory(roomActions, ['join', 'leave', 'find', 'roomsOf', 'renew'])
    storage.allowLog(roomActions, ['head', 'read'])
    return roomActions
  }

  private sendMessage({ deployment, storage, lanes }: Props): ChatFunction {
    const sendMessage = new ChatFunction(this, 'SendMessage', {
      deployment,
      name: 'send-message',
      description: 'Stores a message and hands it to its lane',
      variables: {
        ...storage.directoryVariables,
        ...storage.logVariables,
        ...lanes.variables,
        ...deployment.settings.limits,
      },
      memoryMb: 1024,
      place: lanes.place,
      reservedConcurrency: deployment.reserved.send,
    })
    storage.allowDirectory(sendMessage, ['find'])
    storage.allowLog(sendMessage, ['append'])
    allowPublishing(sendMessage, lanes)
    return sendMessage
  }
}

/** Environment variables of a function that verifies tokens. */
export const tokenVariables = ({ settings }: Deployment): Readonly<Record<string, string>> =>
  settings.authentication.variables

/** Allows a function to verify tokens. Only tokens signed with a shared secret need a permission. */
export const allowTokens = (chatFunction: ChatFunction, { settings }: Deployment): void => {
  const { secretArn } = settings.authentication
  if (secretArn !== undefined) chatFunction.allow(['secretsmanager:GetSecretValue'], [secretArn])
}
