import { expect, it } from 'vitest'
import { makeRoomDirectory } from '../../../adapters/dynamodb/directory/room-directory.ts'
import { sweepExpired } from '../../../adapters/dynamodb/sweep.ts'
import { memberOf } from '../../../core/membership.ts'
import { callerOf } from '../../support/builders.ts'
import { makeTestTables } from '../../support/servers/test-tables.ts'

const setUp = async () => {
  const { client, names } = await makeTestTables()
  const nowMs = Date.now()
  const hourAgo = nowMs - 60 * 60 * 1000
  const directory = makeRoomDirectory({ client, tableName: names.connections, clock: () => hourAgo })
  const sweep = () =>
    sweepExpired({ client, tableName: names.connections, keyNames: ['roomId', 'slotConnection'], nowMs })
  const joinUntil = (connectionId: string, expiresAtMs: number) =>
    directory.join({ ...memberOf(callerOf(connectionId), 'general', hourAgo), expiresAtMs })
  return { client, nowMs, directory, sweep, joinUntil }
}

it('sweep removes what has expired, tombstones as well, and nothing else', async () => {
  const { nowMs, directory, sweep, joinUntil } = await setUp()
  await joinUntil('here', nowMs + 5000)
  await joinUntil('left behind', nowMs - 5000)
  await directory.markGone('gone')
  expect(await sweep()).toBe(2)
  expect(await sweep()).toBe(0)
  expect(await directory.find('general', 'here')).toBeDefined()
})

it('sweep spares what is renewed, and takes it calmly what is removed, after it has looked', async () => {
  const { client, nowMs, directory, sweep, joinUntil } = await setUp()
  for (const connectionId of ['renewed', 'leaves', 'left behind']) await joinUntil(connectionId, nowMs - 5000)
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args)
        if (commandName !== 'ScanCommand') return result
        expect(await directory.renew('general', 'renewed', nowMs + 5000)).toBe(true)
        await directory.leave('general', 'leaves')
        return result
      },
    { step: 'initialize' },
  )
  expect(await sweep()).toBe(1)
  expect(await directory.find('general', 'renewed')).toBeDefined()
  expect(await directory.find('general', 'left behind')).toBeUndefined()
})
