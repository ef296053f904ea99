import { onTestFinished, vi } from 'vitest'
import type { ChatClientEvents, ChatClientOptions } from '../../../client/api/types.ts'
import { type ChatClient, makeChatClient } from '../../../client/chat-client.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { type ScriptedServer, startScriptedServer } from '../servers/scripted-server.ts'

/**
 * Waits of the client: short where a test waits for their end, and long where their end would only hide a fault, as
 * a ping does that finds a lost message.
 */
export const quickTimings = {
  connectTimeoutMs: 2000,
  requestTimeoutMs: 2000,
  holeWaitMs: 30,
  quietMs: 60_000,
  keepAliveMs: 60_000,
  backoffMinMs: 5,
  backoffMaxMs: 20,
  stableMs: 10_000,
}

/** Waits until the check holds, for as long as a busy machine may need. */
export const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 8000, interval: 10 })

export type TestClient = ChatClient & {
  /** Every event so far, in order. */
  readonly events: { readonly [Name in keyof ChatClientEvents]: ChatClientEvents[Name][] }
  /** The seqs of a room's `message` events. */
  readonly seqs: (roomId: string) => number[]
}

/** A server of the test's own, which ends with it. */
export const serverForTest = async (limits?: Partial<Limits>): Promise<ScriptedServer> => {
  const server = await startScriptedServer(limits)
  onTestFinished(() => server.stop())
  return server
}

/** A client of that server that records its events; not yet connected, and closed when the test ends. */
export const clientForTest = (
  server: ScriptedServer,
  { timings, ...options }: Partial<ChatClientOptions> = {},
): TestClient => {
  const client = makeChatClient({
    url: server.url,
    ...(options.getToken === undefined && { userId: 'ada' }),
    timings: { ...quickTimings, ...timings },
    ...options,
  })
  const events: TestClient['events'] = {
    message: [],
    recovered: [],
    reset: [],
    left: [],
    unsent: [],
    state: [],
    disconnect: [],
    error: [],
  }
  client.on('message', (event) => events.message.push(event))
  client.on('recovered', (event) => events.recovered.push(event))
  client.on('reset', (event) => events.reset.push(event))
  client.on('left', (event) => events.left.push(event))
  client.on('unsent', (event) => events.unsent.push(event))
  client.on('state', (event) => events.state.push(event))
  client.on('disconnect', (event) => events.disconnect.push(event))
  client.on('error', (event) => events.error.push(event))
  onTestFinished(client.close)
  return {
    ...client,
    events,
    seqs: (roomId) =>
      events.message.filter((event) => event.roomId === roomId).map(({ message }) => message.seq),
  }
}

/** A client that is connected and in the room, with the server it is connected to. */
export const memberForTest = async (
  roomId = 'general',
  options: Partial<ChatClientOptions> = {},
): Promise<{ readonly server: ScriptedServer; readonly client: TestClient }> => {
  const server = await serverForTest()
  const client = clientForTest(server, options)
  await client.connect()
  await client.joinRoom(roomId)
  return { server, client }
}
