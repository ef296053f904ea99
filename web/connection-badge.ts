import type { ConnectionState } from '../client/api/types.ts'
import type { ChatClient } from '../client/chat-client.ts'
import { byId } from './dom.ts'
import { badgeOf } from './wording.ts'

type Deps = {
  readonly client: Pick<ChatClient, 'on' | 'retryNow' | 'unsent'>
  /** Stops the countdown. */
  readonly signal: AbortSignal
}

const tickMs = 500

/** Shows the state of the connection and, while offline, the time until the next attempt. */
export const followConnection = ({ client, signal }: Deps): void => {
  const badge = byId('connection-state', HTMLElement)
  const label = byId('connection-label', HTMLElement)
  const retry = byId('retry', HTMLElement)
  const retryIn = byId('retry-in', HTMLElement)
  let now: ConnectionState = { status: 'connecting', attempt: 1 }
  let sinceMs = performance.now()
  let wasOnline = false

  const show = () => {
    const { state, label: text } = badgeOf(now, wasOnline, waitedMs(client, sinceMs))
    wasOnline ||= state === 'online'
    badge.dataset.state = state
    // Announced once, however many attempts follow.
    if (label.textContent !== text) label.textContent = text
    retry.hidden = now.status !== 'offline'
    if (now.status === 'offline') retryIn.textContent = secondsText(sinceMs + now.retryInMs)
  }
  client.on('state', (state) => {
    now = state
    sinceMs = performance.now()
    show()
  })
  byId('retry-now', HTMLButtonElement).addEventListener('click', client.retryNow, { signal })
  const ticking = setInterval(show, tickMs)
  signal.addEventListener('abort', () => clearInterval(ticking))
  show()
}

/** Returns how long a message has waited for the server; time before the connection does not count. */
const waitedMs = ({ unsent }: Deps['client'], connectedAtMs: number): number => {
  const waits = unsent().map(({ queuedAt }) => Date.now() - Date.parse(queuedAt))
  return Math.min(Math.max(0, ...waits), performance.now() - connectedAtMs)
}

const secondsText = (atMs: number): string => `${Math.max(0, Math.ceil((atMs - performance.now()) / 1000))} s`
