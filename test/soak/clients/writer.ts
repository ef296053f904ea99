import { ChatClientError } from '../../../client/api/errors.ts'
import { pause } from '../../../core/primitives/timing.ts'
import type { Journal } from '../journal.ts'
import { below, between, type Random } from '../random.ts'
import type { Member } from './member.ts'

type Options = {
  readonly member: Member
  readonly roomId: string
  readonly journal: Journal
  readonly random: Random
  /** Mean pause between two messages. */
  readonly pauseMs: number
}

export type Writer = {
  /** Sends no more; resolves when everything is settled. */
  readonly stop: () => Promise<void>
  /** Sends that are not settled, by clientMessageId. */
  readonly unsettled: () => readonly string[]
}

/** How often a message is sent again, with the same id, after the server has failed at it. */
const maxTries = 20
/** Most sends of one client in one room that are waited for at a time: the SDK keeps their order. */
const atOnce = 3
/** Characters of a long message; every tenth is one. */
const longest = 4_000

/** Writes to one room, message after message, and journals what became of each. */
export const startWriter = ({ member, roomId, journal, random, pauseMs }: Options): Writer => {
  const { client } = member
  const sending = new Map<string, Promise<void>>()
  const stopped = new AbortController()

  const send = async (clientMessageId: string, content: string): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        const { epoch, seq, messageId } = await member.send(roomId, content, { clientMessageId })
        const ack = { clientMessageId, epoch, seq, messageId, atMs: Date.now() }
        journal.write({ client, roomId, kind: 'acked', ...ack })
        return
      } catch (error) {
        if (!(error instanceof ChatClientError)) throw error
        if (error.code === 'internal' && tries < maxTries) continue
        journal.write({ client, roomId, kind: 'refused', clientMessageId, code: error.code })
        return
      }
    }
  }
  const write = async (): Promise<void> => {
    for (let n = 1; !stopped.signal.aborted; n++) {
      const id = `${client}.${roomId}.${n}`
      const filler = 'x'.repeat(below(random, 10) === 0 ? below(random, longest) : below(random, 80))
      sending.set(
        id,
        send(id, `${id} ${filler}`).finally(() => sending.delete(id)),
      )
      if (sending.size >= atOnce) await Promise.race(sending.values())
      await pause(between(random, 0, 2 * pauseMs), stopped.signal)
    }
    await Promise.all(sending.values())
  }

  const writing = write()
  return {
    stop: async () => {
      stopped.abort()
      await writing
    },
    unsettled: () => [...sending.keys()],
  }
}
