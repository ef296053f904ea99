import { makeChatClient } from '../client/chat-client.ts'
import { type ChatView, makeChatView } from './chat-view.ts'
import { byId } from './dom.ts'
import { makeRoomDialog } from './room-dialog.ts'
import { type Entrance, makeStartForm } from './start-form.ts'
import { readVisitor, rememberVisitor, storageOf } from './visitor.ts'
import { reasonForLeaving } from './wording.ts'

const storage = storageOf('localStorage')
let chat: ChatView | undefined

const enter = (entrance: Entrance) => {
  const { user, room, token } = entrance
  const hasToken = token !== undefined
  rememberVisitor(entrance, storage)
  showRoomInAddress(room)
  start.hide()
  chat = makeChatView({
    client: makeChatClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`,
      ...(token === undefined ? { userId: user } : { getToken: () => token }),
    }),
    storage: storageOf('sessionStorage'),
    onOver: (reason) => {
      chat = undefined
      start.show(reasonForLeaving(reason, { hasToken }), { asksForToken: reason.code === 'unauthorized' })
    },
    onRefused: (roomId, reason) =>
      askForRoom(`#${roomId}: ${reasonForLeaving(reason, { hasToken }) ?? reason.message}`),
  })
  chat.join(room)
}

/** Puts the room into the page's address, so that the user can share it. */
const showRoomInAddress = (room: string) => {
  const address = new URL(location.href)
  address.searchParams.set('room', room)
  history.replaceState(null, '', address)
}

const start = makeStartForm({ visitor: readVisitor(location.search, storage), onEnter: enter })
const askForRoom = makeRoomDialog((roomId) => chat?.join(roomId))
byId('leave', HTMLButtonElement).addEventListener('click', () => chat?.leave())
byId('add-room', HTMLButtonElement).addEventListener('click', () => askForRoom())
