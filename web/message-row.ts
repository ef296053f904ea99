import { dayOf, fullTimeOf, timeOf } from './calendar.ts'
import { element } from './dom.ts'
import { continuesGroup, startsDay } from './grouping.ts'
import { splitLinks } from './links.ts'
import { hueOf, initialsOf } from './wording.ts'

/** Content of a row: a message of the room, or an unsent one, which has no seq yet. */
export type Shown = {
  readonly seq?: number
  readonly sender: { readonly userId: string; readonly name?: string }
  readonly content: string
  readonly sentAt: string
}

export type MessageRow = {
  readonly row: HTMLLIElement
  readonly shown: () => Shown
  /** Shows the message as stored in the room. */
  readonly confirm: (message: Shown) => void
  /** Updates parts that depend on the previous message: the day's heading and the sender's name. */
  readonly follow: (previous: Shown | undefined) => void
  readonly mark: (delivery: Delivery) => void
}

/** Progress of an unsent message. */
export type Delivery =
  | { readonly state: 'sent' }
  | { readonly state: 'pending' }
  | {
      readonly state: 'failed'
      readonly reason: string
      readonly retry: () => void
      readonly discard: () => void
    }

export const makeMessageRow = (first: Shown, isOwn: boolean): MessageRow => {
  let shown = first
  const day = element('p', { class: 'day', hidden: '' })
  const time = element('time')
  const deliveryText = element('span')
  const delivery = element('span', { class: 'delivery' }, deliveryText)
  const problem = element('div', { class: 'undelivered', role: 'alert', hidden: '' })
  const sender = element('p', { class: 'sender' }, element('bdi', {}, isOwn ? 'You' : nameOf(first)))
  const content = element('p', { class: 'content', dir: 'auto', 'data-testid': 'message-content' })
  const meta = element('p', { class: 'meta' }, time, delivery)
  const bubble = element('div', { class: 'bubble' }, sender, element('div', { class: 'body' }, content, meta))
  const line = element('div', { class: 'line' }, ...(isOwn ? [] : [avatarOf(first)]), bubble)
  const row = element('li', { class: 'message', 'data-testid': 'message' }, day, line, problem)
  row.classList.toggle('own', isOwn)
  content.append(...contentNodes(first.content))

  const write = () => {
    if (shown.seq !== undefined) row.dataset.seq = String(shown.seq)
    time.dateTime = shown.sentAt
    time.title = fullTimeOf(shown.sentAt)
    time.textContent = timeOf(shown.sentAt)
  }
  write()
  return {
    row,
    shown: () => shown,
    confirm: (message) => {
      // Moderation may have changed the text.
      if (message.content !== shown.content) content.replaceChildren(...contentNodes(message.content))
      shown = message
      write()
    },
    follow: (previous) => {
      const isFirstOfDay = startsDay(previous, shown)
      day.hidden = !isFirstOfDay
      day.textContent = isFirstOfDay ? dayOf(shown.sentAt, new Date()) : ''
      row.classList.toggle('continues', continuesGroup(previous, shown))
    },
    mark: (state) => {
      row.dataset.state = state.state
      deliveryText.textContent = isOwn ? deliveryTexts[state.state] : ''
      deliveryText.className = state.state === 'sent' ? 'unseen' : ''
      problem.hidden = state.state !== 'failed'
      problem.replaceChildren(...(state.state === 'failed' ? failureNodes(state) : []))
    },
  }
}

const deliveryTexts = { sent: 'Sent', pending: 'Sending', failed: 'Not sent' } as const

const nameOf = ({ sender }: Shown): string => sender.name ?? sender.userId

const avatarOf = (shown: Shown): HTMLElement => {
  const avatar = element('span', { class: 'avatar', 'aria-hidden': 'true' }, initialsOf(nameOf(shown)))
  avatar.style.setProperty('--hue', String(hueOf(shown.sender.userId)))
  return avatar
}

const contentNodes = (content: string): (Node | string)[] =>
  splitLinks(content).map(({ text, href }) =>
    href === undefined
      ? text
      : element('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, text),
  )

const failureNodes = ({ reason, retry, discard }: Extract<Delivery, { state: 'failed' }>): Node[] => {
  const again = element('button', { type: 'button', 'data-testid': 'retry-button' }, 'Try again')
  const drop = element('button', { type: 'button', 'data-testid': 'discard-button' }, 'Discard')
  again.addEventListener('click', retry)
  drop.addEventListener('click', discard)
  return [element('span', {}, reason), again, drop]
}
