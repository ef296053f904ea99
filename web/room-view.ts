import { ChatClientError } from '../client/api/errors.ts'
import type { ChatMessage, RoomPage, UnsentMessage } from '../client/api/types.ts'
import type { ChatClient } from '../client/chat-client.ts'
import { makeMessageId } from '../client/primitives/message-id.ts'
import { makeComposer } from './composer.ts'
import { part, showText } from './dom.ts'
import { makeHistoryEdge } from './history-edge.ts'
import { type Draft, type MessageList, makeMessageList } from './message-list.ts'
import { makeScrollKeeper, type ScrollKeeper } from './scroll-keeper.ts'
import { newMessagesText, reasonForFailure } from './wording.ts'

type Deps = {
  readonly client: ChatClient
  readonly roomId: string
  readonly template: HTMLTemplateElement
  readonly userId: () => string | undefined
  readonly maxContentBytes: () => number
}

/** Shows one room. It stays alive while another room is shown. */
export type RoomView = {
  readonly element: HTMLElement
  /** Shows the newest messages in place of all others. */
  readonly reset: (page: RoomPage) => void
  readonly append: (message: ChatMessage) => void
  /** Sends a kept message. */
  readonly send: (kept: UnsentMessage) => void
  /** Restores the scroll position after the room was put into the page. */
  readonly shown: () => void
}

/** Distance from the upper edge at which older messages are loaded, in pixels (our choice). */
const nearTopPx = 400

export const makeRoomView = (deps: Deps): RoomView => {
  const { client, roomId, template, userId, maxContentBytes } = deps
  const element = cloneOf(template)
  element.setAttribute('aria-label', `Room ${roomId}`)
  const scroller = part(element, 'scroller', HTMLElement)
  // Makes the list scrollable by keyboard in all browsers.
  scroller.tabIndex = 0
  const list = part(element, 'messages', HTMLOListElement)
  const empty = part(element, 'empty', HTMLElement)
  const messages = makeMessageList({ list, userId })
  const newest = makeNewestButton(part(element, 'newest', HTMLButtonElement), () => scroll.toEnd())
  let hasPage = false

  const review = () => {
    empty.hidden = !hasPage || !messages.isEmpty()
    element.classList.toggle('vacant', !empty.hidden)
  }
  const edge = makeHistoryEdge({
    edge: part(element, 'edge', HTMLElement),
    roomId,
    fetch: async () => {
      const before = messages.firstSeq()
      return before === undefined ? undefined : client.history(roomId, { before, limit: 50 })
    },
    show: (page) => {
      scroll.holding(() => messages.prepend(page.messages))
      approach()
    },
  })
  const approach = () => {
    if (scroller.isConnected && scroller.scrollTop < nearTopPx) void edge.reach()
  }
  const scroll: ScrollKeeper = makeScrollKeeper({
    scroller,
    content: list,
    onMove: () => {
      if (scroll.isAtEnd()) newest.clear()
      approach()
    },
  })
  const send = makeSender({ client, roomId, messages, review })
  const composer = makeComposer({
    form: part(element, 'composer', HTMLFormElement),
    roomId,
    maxBytes: maxContentBytes,
    onSend: (content) => {
      send({ content, clientMessageId: makeMessageId() })
      scroll.toEnd()
    },
    onResize: () => {
      if (scroll.isAtEnd()) scroll.toEnd()
    },
  })
  return {
    element,
    reset: (page) => {
      hasPage = true
      messages.reset(page.messages)
      edge.set(page)
      review()
      scroll.toEnd()
      approach()
    },
    append: (message) => {
      const isOther = message.sender.userId !== userId()
      messages.append(message)
      review()
      if (isOther && !scroll.isAtEnd()) newest.add()
    },
    send,
    shown: () => {
      scroll.restore()
      composer.invite()
    },
  }
}

const cloneOf = (template: HTMLTemplateElement): HTMLElement => {
  const clone = template.content.firstElementChild?.cloneNode(true)
  if (clone instanceof HTMLElement) return clone
  throw new Error('The template of a room holds no element')
}

/** Creates the button that announces newer messages below and scrolls to them. */
const makeNewestButton = (button: HTMLButtonElement, onPress: () => void) => {
  let count = 0
  button.addEventListener('click', onPress)
  const write = () => showText(button, count === 0 ? undefined : newMessagesText(count))
  return {
    add: () => {
      count += 1
      write()
    },
    clear: () => {
      count = 0
      write()
    },
  }
}

type SenderDeps = {
  readonly client: ChatClient
  readonly roomId: string
  readonly messages: MessageList
  readonly review: () => void
}

type SentDraft = Draft & Pick<UnsentMessage, 'since'>

/** Sends a message and shows its progress. A retry sends the same message with the same id. */
const makeSender = ({ client, roomId, messages, review }: SenderDeps) => {
  const attempt = async ({ clientMessageId, content, since }: SentDraft): Promise<void> => {
    const mark = messages.add({ clientMessageId, content })
    review()
    try {
      const { seq } = await client.send(roomId, content, { clientMessageId, ...(since && { since }) })
      mark({ state: 'sent' })
      // A kept message may be in the room already, above the shown messages.
      if (seq < (messages.firstSeq() ?? seq)) messages.discard(clientMessageId)
    } catch (error) {
      if (!(error instanceof ChatClientError)) throw error
      mark({
        state: 'failed',
        reason: reasonForFailure(error),
        // The client remembers `since` of the first try, unless it is no longer useful.
        retry: () => send({ clientMessageId, content }),
        discard: () => {
          messages.discard(clientMessageId)
          review()
        },
      })
    }
  }
  const send = (draft: SentDraft) => {
    void attempt(draft)
  }
  return send
}
