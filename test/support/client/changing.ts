import { expect } from 'vitest'
import type { ChatClientOptions } from '../../../client/api/types.ts'
import { eventually } from '../eventually.ts'
import type { ScriptedConnection, ScriptedServer } from '../servers/scripted-server.ts'
import { memberForTest, type TestClient, until } from './test-client.ts'

/** The connection that a test sees opened in place of the first. */
export const secondOf = ({ connections }: ScriptedServer): ScriptedConnection | undefined => connections[1]

export const announcement = {
  type: 'disconnect',
  code: 4409,
  reason: 'two hours are nearly over',
  reconnect: true,
}

/** Lets the client open another connection, as it would before the age limit. */
export const announceAge = ({ connections }: ScriptedServer, index = 0) =>
  connections[index]?.send(announcement)

/** Holds back the answers to the second connection's joins: that long, the first one is the client's connection. */
export const holdJoins = (server: ScriptedServer) => {
  const held: (() => void)[] = []
  let isHolding = true
  server.script('joinRoom', (_frame, connection, proceed) => {
    if (isHolding && connection === secondOf(server)) held.push(proceed)
    else proceed()
  })
  return {
    held,
    release: () => {
      isHolding = false
      for (const proceed of held.splice(0)) proceed()
    },
  }
}

/** A member whose second connection is open, and waits for the answer to its join. */
export const inMidChange = async (options?: Partial<ChatClientOptions>) => {
  const { server, client } = await memberForTest('general', options)
  const joins = holdJoins(server)
  announceAge(server)
  await until(() => expect(joins.held.length).toBeGreaterThan(0))
  return { server, client, joins }
}

/** The same, of a member of another room as well: its second connection waits for the answers to both joins. */
export const inMidChangeOfTwo = async (member = memberForTest()) => {
  const { server, client } = await member
  await client.joinRoom('other')
  const joins = holdJoins(server)
  announceAge(server)
  await until(() => expect(joins.held).toHaveLength(2))
  return { server, client, joins }
}

/** The second connection has taken the place of the first, which is closed. */
export const hasChanged = (server: ScriptedServer) =>
  until(() => {
    expect(server.connections[0]?.isOpen()).toBe(false)
    expect(secondOf(server)?.isOpen()).toBe(true)
  })

/** The first connection may still be open then, for what is under way on it. */
export const asksOnTheSecond = (server: ScriptedServer, client: TestClient) => {
  let asked: ScriptedConnection | undefined
  server.script('getHistory', (_frame, connection, proceed) => {
    asked = connection
    proceed()
  })
  return eventually(async () => {
    await client.history('general')
    return asked !== undefined && asked === secondOf(server)
  }, 'a request on the second connection')
}

/** Nothing of the change could be seen from outside. */
export const expectUnnoticed = ({ events }: TestClient) => {
  expect(events.state.map(({ status }) => status)).toEqual(['connecting', 'open'])
  expect([events.recovered, events.reset, events.left, events.error]).toEqual([[], [], [], []])
}
