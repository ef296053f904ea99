import { describe, expect, it } from 'vitest'
import { sdkClient } from '../support/client/sdk-client.ts'
import { eventually } from '../support/eventually.ts'
import { everyParts, membersOf, startTestChat } from '../support/gateway/test-chat.ts'
import { connectPlain } from '../support/sockets/plain-client.ts'

const contents = (messages: readonly { readonly seq: number; readonly content: string }[]) =>
  messages.map(({ seq, content }) => `${seq} ${content}`)

describe.each(everyParts())('a room, on $name', (parts) => {
  it('shows two SDK clients and a plain one the same messages in the same order, and acknowledges each', async () => {
    const { url } = await startTestChat({ parts })
    const plain = await connectPlain(`${url}/?userId=cyd&roomId=general`)
    const [ada, bob] = [await sdkClient(url, 'ada', 'general'), await sdkClient(url, 'bob', 'general')]
    const rounds = Array.from({ length: 10 }, (_, round) => round)
    const acks = await Promise.all(
      rounds.flatMap((round) => [
        ada.client.send('general', `ada ${round}`),
        bob.client.send('general', `bob ${round}`),
        plain.request({ action: 'sendMessage', roomId: 'general', content: `cyd ${round}` }),
      ]),
    )
    const seqs = acks.map((ack) => ('seq' in ack ? ack.seq : 0)).sort((a, b) => a - b)
    expect(seqs).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))

    await plain.untilPushed('general', 30)
    await eventually(() => ada.messages.length === 30 && bob.messages.length === 30, 'all messages at both')
    const bySeq = plain.pushed('general').sort((a, b) => a.seq - b.seq)
    expect(contents(ada.messages)).toEqual(contents(bySeq))
    expect(contents(bob.messages)).toEqual(contents(bySeq))
    for (const user of ['ada', 'bob', 'cyd']) {
      expect(bySeq.filter(({ sender }) => sender.userId === user)).toHaveLength(10)
    }
    expect(plain.problems).toEqual([])
  })

  it('shows a late comer what was said, and a returning one what it missed', async () => {
    const { url } = await startTestChat({ parts })
    const ada = await connectPlain(`${url}/?userId=ada&roomId=general`)
    for (const content of ['one', 'two', 'three'])
      await ada.request({ action: 'sendMessage', roomId: 'general', content })
    const bob = await connectPlain(`${url}/?userId=bob`)
    const joined = await bob.request({ action: 'joinRoom', roomId: 'general' })
    if (joined.type !== 'joined') throw new Error(`bob was answered ${joined.type}`)
    expect(contents(joined.messages)).toEqual(['1 one', '2 two', '3 three'])
    bob.ws.terminate()
    await ada.request({ action: 'sendMessage', roomId: 'general', content: 'four' })
    const again = await connectPlain(`${url}/?userId=bob`)
    const since = { epoch: joined.epoch, seq: joined.seq }
    expect(await again.request({ action: 'joinRoom', roomId: 'general', since })).toMatchObject({
      recovered: true,
      messages: [{ seq: 4, content: 'four' }],
    })
  })

  it('stays apart from the other rooms', async () => {
    const { url } = await startTestChat({ parts })
    const ada = await connectPlain(`${url}/?userId=ada&roomId=one`)
    const bob = await connectPlain(`${url}/?userId=bob&roomId=two`)
    await ada.request({ action: 'sendMessage', roomId: 'one', content: 'for one' })
    await bob.request({ action: 'sendMessage', roomId: 'two', content: 'for two' })
    await Promise.all([ada.untilPushed('one', 1), bob.untilPushed('two', 1)])
    expect([ada.pushed('two'), bob.pushed('one')]).toEqual([[], []])
  })
})

describe('posting', () => {
  it('reaches members through /@connections as well, signed as on AWS', async () => {
    const { url } = await startTestChat({ directPosts: false })
    const ada = await connectPlain(`${url}/?userId=ada&roomId=general`)
    const bob = await connectPlain(`${url}/?userId=bob&roomId=general`)
    for (let index = 0; index < 20; index++) {
      await ada.request({ action: 'sendMessage', roomId: 'general', content: `${index}` })
    }
    await bob.untilPushed('general', 20)
    expect(bob.pushed('general').map(({ content }) => content)).toEqual(
      Array.from({ length: 20 }, (_, i) => `${i}`),
    )
  })

  it('forgets a member that vanished without $disconnect at the next post, and still reaches the others', async () => {
    let ahead = 0
    const clock = () => Date.now() + ahead
    const gateway = await startTestChat({ parts: { store: 'dynalite', broker: 'embedded' }, clock })
    const rooms = () => membersOf(gateway.tables, 'general')
    gateway.faults.set({ lostDisconnects: 1 })
    const ada = await connectPlain(`${gateway.url}/?userId=ada&roomId=general`)
    const bob = await connectPlain(`${gateway.url}/?userId=bob&roomId=general`)
    ada.ws.terminate()
    await eventually(() => gateway.connections.size() === 1, 'the socket to be gone')
    expect(await rooms()).toEqual(['ada', 'bob'])
    // A younger row may belong to a connection that is still inside its $connect.
    ahead = 31_000
    await bob.request({ action: 'sendMessage', roomId: 'general', content: 'anybody?' })
    await bob.untilPushed('general', 1)
    await eventually(async () => (await rooms()).length === 1, 'ada to be forgotten')
    expect(await rooms()).toEqual(['bob'])
  })
})
