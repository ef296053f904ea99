import { ChatClientError } from '../client/api/errors.ts'
import type { ChatMessage, Welcome } from '../client/api/types.ts'
import type { ChatClient } from '../client/chat-client.ts'
import { defaultLimits } from '../protocol/limits.ts'
import { followConnection } from './connection-badge.ts'
import { byId } from './dom.ts'
import { type KeptMessages, makeKeptMessages } from './kept-messages.ts'
import { makeRoomTabs, type RoomTabs } from './room-tabs.ts'
import { makeRoomView, type RoomView } from './room-view.ts'
import { leaveAnywayText } from './wording.ts'

type Deps = {
  readonly client: ChatClient
  /** Storage of the tab for unsent messages; undefined if the browser forbids it. */
  readonly storage: Storage | undefined
  /** The chat has ended. The reason has the code `closed` if the user left. */
  readonly onOver: (reason: ChatClientError) => void
  /** A room could not be joined or was lost, while other rooms stay. */
  readonly onRefused: (roomId: string, reason: ChatClientError) => void
}

export type ChatView = {
  readonly join: (roomId: string) => void
  /** Leaves the shown room, or the chat if it is the only room. Asks first if messages would be lost. */
  readonly leave: () => void
}

type State = {
  readonly rooms: Map<string, { readonly view: RoomView; unread: number }>
  readonly tabs: RoomTabs
  current: string | undefined
  welcome: Welcome | undefined
  /** Unsent messages of the user, once the user is known. */
  kept: KeptMessages | undefined
  /** Reason for which the last room is gone, which ends the chat. */
  refusal: ChatClientError | undefined
}

/** Shows the chat: rooms and the state of the connection. */
export const makeChatView = (deps: Deps): ChatView => {
  const { client } = deps
  const roomList = byId('room-list', HTMLElement)
  roomList.replaceChildren()
  const state: State = {
    rooms: new Map(),
    tabs: makeRoomTabs({ list: roomList, onSelect: (roomId) => select(state, roomId) }),
    current: undefined,
    welcome: undefined,
    kept: undefined,
    refusal: undefined,
  }
  const over = new AbortController()
  const chat = byId('chat', HTMLElement)
  chat.hidden = false

  followConnection({ client, signal: over.signal })
  client.on('message', ({ roomId, message }) => receive(state, roomId, message))
  client.on('reset', (page) => state.rooms.get(page.roomId)?.view.reset(page))
  client.on('left', ({ roomId, error }) => drop(deps, state, roomId, error))
  client.on('unsent', () => state.kept?.keep(client.unsent()))
  client.on('state', (now) => {
    if (now.status !== 'closed') return
    over.abort()
    chat.hidden = true
    document.title = 'Simple Chat'
    deps.onOver(state.refusal ?? now.reason)
  })
  document.addEventListener('visibilitychange', () => see(state), { signal: over.signal })
  const askBeforeLoss = (event: BeforeUnloadEvent) => {
    if (client.unsent().length > 0) event.preventDefault()
  }
  window.addEventListener('beforeunload', askBeforeLoss, { signal: over.signal })
  void greet(deps, state)

  return {
    join: (roomId) => {
      if (state.rooms.has(roomId)) select(state, roomId)
      else void join(deps, state, roomId)
    },
    leave: () => {
      const { current } = state
      const atStake = client.unsent(state.rooms.size > 1 ? current : undefined).length
      if (atStake > 0 && !window.confirm(leaveAnywayText(atStake))) return
      if (current !== undefined && state.rooms.size > 1) {
        remove(state, current)
        void ignoringLoss(client.leaveRoom(current))
      } else {
        state.kept?.clear()
        client.close()
      }
    },
  }
}

const greet = async (deps: Deps, state: State): Promise<void> => {
  const { client, storage } = deps
  const welcome = await ignoringLoss(client.connect())
  state.welcome = welcome
  byId('me', HTMLElement).textContent = welcome?.userId ?? ''
  if (welcome === undefined) return
  state.kept = makeKeptMessages(storage, welcome.userId)
  for (const roomId of state.rooms.keys()) sendKept(state, roomId)
  state.kept.keep(client.unsent())
  const entered = state.current
  for (const roomId of state.kept.rooms()) await join(deps, state, roomId)
  if (entered !== undefined) select(state, entered)
}

/** Sends kept messages before the room's page arrives, so that messages on that page are recognised. */
const sendKept = ({ rooms, kept }: State, roomId: string) => {
  for (const message of kept?.take(roomId) ?? []) rooms.get(roomId)?.view.send(message)
}

const join = async (deps: Deps, state: State, roomId: string): Promise<void> => {
  const view = makeRoomView({
    client: deps.client,
    roomId,
    template: byId('room-template', HTMLTemplateElement),
    userId: () => state.welcome?.userId,
    maxContentBytes: () => state.welcome?.limits.contentBytes ?? defaultLimits.contentBytes,
  })
  state.rooms.set(roomId, { view, unread: 0 })
  state.tabs.add(roomId)
  select(state, roomId)
  try {
    const joining = deps.client.joinRoom(roomId, { limit: 50 })
    sendKept(state, roomId)
    view.reset(await joining)
  } catch (error) {
    if (!(error instanceof ChatClientError)) throw error
    // After the end, the unsent messages were kept or dropped as they were.
    if (error.code === 'left' || deps.client.state().status === 'closed') return
    state.kept?.giveBack(roomId)
    state.kept?.keep(deps.client.unsent())
    drop(deps, state, roomId, error)
  }
}

const receive = (state: State, roomId: string, message: ChatMessage) => {
  const room = state.rooms.get(roomId)
  if (room === undefined) return
  room.view.append(message)
  if (message.sender.userId === state.welcome?.userId) return
  if (roomId === state.current) announce(message)
  if (roomId !== state.current || document.hidden) {
    room.unread += 1
    state.tabs.setUnread(roomId, room.unread)
    writeTitle(state)
  }
}

const select = (state: State, roomId: string) => {
  const room = state.rooms.get(roomId)
  if (room === undefined) return
  state.current = roomId
  state.tabs.select(roomId)
  byId('room-name', HTMLElement).textContent = roomId
  byId('stage', HTMLElement).replaceChildren(room.view.element)
  room.view.shown()
  see(state)
}

/** Marks the shown room as read if the page is visible. */
const see = (state: State) => {
  const room = state.current === undefined ? undefined : state.rooms.get(state.current)
  if (room !== undefined && state.current !== undefined && !document.hidden) {
    room.unread = 0
    state.tabs.setUnread(state.current, 0)
  }
  writeTitle(state)
}

const writeTitle = ({ rooms, current }: State) => {
  const unread = [...rooms.values()].reduce((sum, room) => sum + room.unread, 0)
  document.title = `${unread > 0 ? `(${unread}) ` : ''}#${current} – Simple Chat`
}

const drop = (deps: Deps, state: State, roomId: string, error: ChatClientError) => {
  remove(state, roomId)
  if (state.rooms.size > 0) deps.onRefused(roomId, error)
  else {
    state.refusal = error
    deps.client.close()
  }
}

const remove = (state: State, roomId: string) => {
  state.rooms.delete(roomId)
  state.tabs.remove(roomId)
  const [another] = state.rooms.keys()
  if (state.current === roomId && another !== undefined) select(state, another)
}

/** Announces a message to screen readers. */
const announce = ({ sender, content }: ChatMessage) => {
  byId('announcer', HTMLElement).textContent = `${sender.name ?? sender.userId}: ${content.slice(0, 200)}`
}

/** Tells whether an error needs a message of its own; the state already shows a closed chat or a lost connection. */
const ignoringLoss = async <Result>(asked: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ChatClientError) return undefined
    throw error
  }
}
