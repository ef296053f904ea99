import { randomUUID } from 'node:crypto'
import { expect, inject, it } from 'vitest'
import { makeDynamoDbClient } from '../../adapters/dynamodb/client.ts'
import { makeRoomDirectory } from '../../adapters/dynamodb/room-directory.ts'
import { sweepExpired } from '../../adapters/dynamodb/sweep.ts'
import { createTables } from '../../adapters/dynamodb/tables.ts'
import { memberOf } from '../../core/domain/membership.ts'
import { callerOf } from '../support/builders.ts'

it('sweep removes what has expired, tombstones as well, and nothing else', async () => {
  const client = makeDynamoDbClient({ endpoint: inject('dynalite') })
  const names = { messages: `${randomUUID()}-messages`, connections: `${randomUUID()}-connections` }
  await createTables(client, { names })
  const nowMs = Date.now()
  const hourAgo = nowMs - 60 * 60 * 1000
  const directory = makeRoomDirectory({ client, tableName: names.connections, clock: () => hourAgo })
  await directory.join(memberOf(callerOf('here'), 'general', nowMs))
  await directory.join({ ...memberOf(callerOf('left behind'), 'general', nowMs), expiresAtMs: nowMs - 5000 })
  await directory.bury('gone')
  const sweep = () =>
    sweepExpired({ client, tableName: names.connections, keyNames: ['roomId', 'slotConnection'], nowMs })
  expect(await sweep()).toBe(2)
  expect(await sweep()).toBe(0)
  expect(await directory.find('general', 'here')).toBeDefined()
  client.destroy()
})
