import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'
import { type Action, clientFrameSchemas } from '../protocol/client-frames.ts'
import { subprotocol } from '../protocol/codes.ts'
import { defaultLimits } from '../protocol/limits.ts'
import { ServerFrameSchema } from '../protocol/server-frames.ts'

/** Reply to each action; `error` is possible for all of them. */
const replies: Readonly<Record<Action, string>> = {
  sendMessage: 'ack',
  joinRoom: 'joined',
  leaveRoom: 'left',
  getHistory: 'history',
  hello: 'hello',
  ping: 'pong',
}

/** Creates the wire contract as an AsyncAPI 3 document, from the schemas with which the service parses frames. */
export const asyncApiDocument = () => {
  const serverFrames = Object.fromEntries(
    ServerFrameSchema.options.map((schema) => [schema.entries.type.literal, schema]),
  )
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Simple Chat',
      version: '1.0.0',
      description: 'Frames between a client and the WebSocket API. PROTOCOL.md says what they mean.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      chat: {
        address: '/',
        description: `One WebSocket. Subprotocol: ${subprotocol}.`,
        bindings: {
          ws: {
            query: {
              type: 'object',
              properties: {
                token: { type: 'string' },
                roomId: { type: 'string' },
                userId: { type: 'string' },
                name: { type: 'string' },
              },
            },
          },
        },
        messages: {
          ...refs(Object.keys(clientFrameSchemas), 'components/messages', clientName),
          ...refs(Object.keys(serverFrames), 'components/messages', serverName),
        },
      },
    },
    operations: {
      ...Object.fromEntries(
        Object.entries(replies).map(([action, reply]) => [action, requestOperation(action, reply)]),
      ),
      push: {
        action: 'send',
        channel: ref('channels/chat'),
        messages: ['messages', 'disconnect'].map((type) => ref(`channels/chat/messages/${serverName(type)}`)),
      },
    },
    components: {
      messages: {
        ...messages(clientFrameSchemas, clientName),
        ...messages(serverFrames, serverName),
      },
    },
  }
}

// `hello` is the name of a frame in both directions.
const clientName = (action: string): string => `client.${action}`
const serverName = (type: string): string => `server.${type}`

const ref = (path: string) => ({ $ref: `#/${path}` })

const refs = (names: readonly string[], path: string, nameOf: (name: string) => string) =>
  Object.fromEntries(names.map((name) => [nameOf(name), ref(`${path}/${nameOf(name)}`)]))

const messages = (schemas: Readonly<Record<string, GenericSchema>>, nameOf: (name: string) => string) =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [nameOf(name), { name, payload: payloadOf(schema) }]),
  )

const requestOperation = (action: string, reply: string) => ({
  action: 'receive',
  channel: ref('channels/chat'),
  messages: [ref(`channels/chat/messages/${clientName(action)}`)],
  reply: {
    channel: ref('channels/chat'),
    messages: [reply, 'error'].map((type) => ref(`channels/chat/messages/${serverName(type)}`)),
  },
})

const payloadOf = (schema: GenericSchema) => {
  const { $schema, ...payload } = toJsonSchema(schema, conversion)
  return payload
}

const conversion: ConversionConfig = {
  // Checks that JSON Schema cannot express, such as well-formed Unicode, are left out.
  errorMode: 'ignore',
  // Attributes are the only schema that is code.
  overrideSchema: ({ valibotSchema }) =>
    valibotSchema.type === 'custom'
      ? {
          type: 'object',
          additionalProperties: { type: 'string' },
          maxProperties: defaultLimits.attributeKeys,
        }
      : undefined,
}
