import { byId, showText } from './dom.ts'
import { roomIdOf, roomIdProblem } from './room-id.ts'

/** Creates the window for joining a room. @returns a function that opens it, with an optional problem to show */
export const makeRoomDialog = (onJoin: (roomId: string) => void): ((problem?: string) => void) => {
  const dialog = byId('room-dialog', HTMLDialogElement)
  const form = byId('room-form', HTMLFormElement)
  const input = byId('another-room', HTMLInputElement)
  const problem = byId('room-problem', HTMLElement)

  form.addEventListener('submit', (event) => {
    const roomId = roomIdOf(input.value)
    if (roomId === undefined) {
      event.preventDefault()
      showText(problem, roomIdProblem)
      return
    }
    dialog.close()
    onJoin(roomId)
  })
  byId('room-cancel', HTMLButtonElement).addEventListener('click', () => dialog.close())
  return (text) => {
    input.value = ''
    showText(problem, text)
    if (!dialog.open) dialog.showModal()
  }
}
