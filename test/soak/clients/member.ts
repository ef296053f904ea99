import { setTimeout as delay } from 'node:timers/promises'
import { ChatClientError } from '../../../client/api/errors.ts'
import { makeChatClient, type ChatClient as SdkClient } from '../../../client/chat-client.ts'
import type { Cursor } from '../../../protocol/client-frames.ts'
import type { Journal } from '../journal.ts'

/** An SDK client whose every event goes into the journal. */
export type Member = {
  readonly client: string
  /** Joins a room; tries again until it is in it. */
  readonly join: (roomId: string) => Promise<void>
  readonly leave: (roomId: string) => Promise<void>
  readonly send: SdkClient['send']
  readonly history: SdkClient['history']
  /** How far it has come, by the rooms that it is in. */
  readonly positions: () => Readonly<Record<string, Cursor>>
  readonly close: () => void
}

/** Shorter than the SDK's own, so that a soak sees within minutes what takes an application an hour. */
const timings = { quietMs: 3_000, keepAliveMs: 15_000, backoffMaxMs: 5_000 }

export const connectMember = async (url: string, client: string, journal: Journal): Promise<Member> => {
  const sdk = makeChatClient({ url, userId: client, timings })
  const positions = new Map<string, Cursor>()
  const where = (roomId: string) => ({ client, roomId })

  sdk.on('message', ({ roomId, epoch, message }) => {
    positions.set(roomId, { epoch, seq: message.seq })
    journal.message(where(roomId), epoch, message)
  })
  const takePage = (kind: 'page' | 'reset', page: Awaited<ReturnType<SdkClient['joinRoom']>>) => {
    positions.set(page.roomId, { epoch: page.epoch, seq: page.messages.at(-1)?.seq ?? 0 })
    journal.page(kind, where(page.roomId), page)
  }
  sdk.on('reset', (page) => takePage('reset', page))
  sdk.on('recovered', ({ roomId, missed }) => journal.write({ ...where(roomId), kind: 'recovered', missed }))
  const left = (roomId: string, code?: string) => {
    positions.delete(roomId)
    journal.write({ ...where(roomId), kind: 'left', atMs: Date.now(), ...(code !== undefined && { code }) })
  }
  sdk.on('left', ({ roomId, error }) => left(roomId, error.code))
  sdk.on('state', (state) => {
    if (state.status !== 'closed' || state.reason.code === 'closed') return
    for (const roomId of [...positions.keys()]) left(roomId, `closed for good: ${state.reason.code}`)
  })
  await sdk.connect()

  return {
    client,
    join: async (roomId) => {
      for (;;) {
        try {
          takePage('page', await sdk.joinRoom(roomId))
          return
        } catch (error) {
          if (!(error instanceof ChatClientError)) throw error
          await delay(500)
        }
      }
    },
    leave: async (roomId) => {
      left(roomId)
      await sdk.leaveRoom(roomId)
    },
    send: sdk.send,
    history: sdk.history,
    positions: () => Object.fromEntries(positions),
    close: sdk.close,
  }
}
