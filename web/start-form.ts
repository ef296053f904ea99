import { byId, showText } from './dom.ts'
import { roomIdOf, roomIdProblem } from './room-id.ts'
import type { Visitor } from './visitor.ts'

/** Values of the start form. `user` is empty if a token names the user. */
export type Entrance = Visitor & { readonly token: string | undefined }

type Deps = { readonly visitor: Visitor; readonly onEnter: (entrance: Entrance) => void }

export type StartForm = {
  /** Shows the form with a reason, and opens the field for a token if one is required. */
  readonly show: (problem: string | undefined, options: { readonly asksForToken: boolean }) => void
  readonly hide: () => void
}

export const makeStartForm = ({ visitor, onEnter }: Deps): StartForm => {
  const start = byId('start', HTMLElement)
  const form = byId('start-form', HTMLFormElement)
  const problem = byId('start-problem', HTMLElement)
  const user = byId('user', HTMLInputElement)
  const room = byId('room', HTMLInputElement)
  const token = byId('token', HTMLInputElement)
  const tokenDetails = byId('token-details', HTMLDetailsElement)
  user.value = visitor.user
  room.value = visitor.room

  const refuse = (input: HTMLInputElement, text: string) => {
    showText(problem, text)
    input.setAttribute('aria-invalid', 'true')
    input.focus()
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    for (const input of [user, room, token]) input.removeAttribute('aria-invalid')
    const jwt = token.value.trim()
    const name = user.value.trim()
    const roomId = roomIdOf(room.value)
    if (jwt === '' && !/^\P{C}{1,128}$/u.test(name)) refuse(user, 'Please enter a name.')
    else if (roomId === undefined) refuse(room, roomIdProblem)
    else onEnter({ user: name, room: roomId, token: jwt === '' ? undefined : jwt })
  })
  const focus = () => (user.value === '' ? user : form.querySelector('button'))?.focus()
  /** Selects the refused value, so that typing replaces it. */
  const askForToken = () => {
    tokenDetails.open = true
    token.setAttribute('aria-invalid', 'true')
    token.focus()
    token.select()
  }
  focus()
  return {
    show: (text, { asksForToken }) => {
      start.hidden = false
      showText(problem, text)
      if (asksForToken) askForToken()
      else focus()
    },
    hide: () => {
      start.hidden = true
      showText(problem, undefined)
    },
  }
}
