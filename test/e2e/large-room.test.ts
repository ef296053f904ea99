import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { everyParts, startTestChat } from '../support/gateway/test-chat.ts'
import { connectPlain, type PlainClient } from '../support/sockets/plain-client.ts'

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const seqsOf = (client: PlainClient, roomId: string) => client.pushed(roomId).map(({ seq }) => seq)
/** Not all at once: it is not the connecting that is tested here. */
const connectMembers = async (url: string, count: number) => {
  const members: PlainClient[] = []
  while (members.length < count) {
    const next = oneTo(5).map((n) => connectPlain(`${url}/?userId=user-${members.length + n}&roomId=stadium`))
    members.push(...(await Promise.all(next)))
  }
  return members
}
const speak = (client: PlainClient | undefined, roomId: string, content: string) =>
  client?.request({ action: 'sendMessage', roomId, content })

describe.each(everyParts())('a room above the threshold, on $name', (parts) => {
  it('reaches each of 40 sockets once and in order, and so does a small room beside it', async () => {
    const { url } = await startTestChat({ parts, env: { LARGE_ROOM_MEMBERS: '10', BULK_LANES: '2' } })
    const members = await connectMembers(url, 40)
    const cook = await connectPlain(`${url}/?userId=cook&roomId=kitchen`)
    const perSpeaker = 15
    await Promise.all([
      ...members.slice(0, 4).map(async (client, index) => {
        for (const n of oneTo(perSpeaker)) await speak(client, 'stadium', `${index}: ${n}`)
      }),
      ...oneTo(perSpeaker).map((n) => speak(cook, 'kitchen', `soup ${n}`)),
    ])
    const total = 4 * perSpeaker
    await Promise.all(members.map((client) => client.untilPushed('stadium', total)))
    await cook.untilPushed('kitchen', perSpeaker)

    for (const client of members) {
      expect(seqsOf(client, 'stadium')).toEqual(oneTo(total))
      expect(client.pushed('kitchen')).toEqual([])
      expect(client.problems).toEqual([])
    }
    expect(seqsOf(cook, 'kitchen')).toEqual(oneTo(perSpeaker))
    const [one, ...others] = members.map((client) => client.pushed('stadium').map(({ content }) => content))
    for (const other of others) expect(other).toEqual(one)
  })

  it('serves who comes and forgets who leaves while it is spoken in', async () => {
    const { url } = await startTestChat({ parts, env: { LARGE_ROOM_MEMBERS: '10' } })
    const members = await connectMembers(url, 30)
    const [speaker, leaver] = members
    const late = await connectPlain(`${url}/?userId=late`)
    const spoken = (async () => {
      for (const n of oneTo(40)) await speak(speaker, 'stadium', `${n}`)
    })()
    await speaker?.untilPushed('stadium', 10)
    const joined = await late.request({ action: 'joinRoom', roomId: 'stadium', limit: 100 })
    if (joined.type !== 'joined') throw new Error(`late was answered ${joined.type}`)
    expect(await leaver?.request({ action: 'leaveRoom', roomId: 'stadium' })).toMatchObject({ type: 'left' })
    await spoken
    await speaker?.untilPushed('stadium', 40)

    const known = joined.messages.map(({ seq }) => seq)
    expect(known).toEqual(oneTo(joined.seq))
    const seen = () => new Set([...known, ...seqsOf(late, 'stadium')])
    await eventually(() => seen().size === 40, 'whoever came late to have all', 20_000)
    for (const client of members.slice(2)) {
      await client.untilPushed('stadium', 40)
      expect(seqsOf(client, 'stadium')).toEqual(oneTo(40))
    }
    expect(seqsOf(leaver ?? late, 'stadium').length).toBeLessThan(40)
  })
})
