import { jsonBytes } from '../protocol/limits.ts'
import { part } from './dom.ts'
import { budgetText } from './wording.ts'

type Deps = {
  readonly form: HTMLFormElement
  readonly roomId: string
  readonly maxBytes: () => number
  readonly onSend: (content: string) => void
  /** The height of the field has changed. */
  readonly onResize: () => void
}

export type Composer = {
  /** Focuses the field, except on a phone, where the keyboard would hide half the messages. */
  readonly invite: () => void
}

/** Creates the field for messages: Enter sends, Shift and Enter begin a new line. */
export const makeComposer = ({ form, roomId, maxBytes, onSend, onResize }: Deps): Composer => {
  const input = part(form, 'input', HTMLTextAreaElement)
  const send = part(form, 'send', HTMLButtonElement)
  const budget = part(form, 'budget', HTMLElement)
  const id = `composer-${roomId}`
  input.id = id
  budget.id = `${id}-budget`
  input.setAttribute('aria-describedby', budget.id)
  input.setAttribute('aria-label', `Message to ${roomId}`)

  const review = () => {
    const content = input.value.trim()
    const bytes = jsonBytes(content)
    const isTooLong = bytes > maxBytes()
    send.disabled = content === '' || isTooLong
    budget.textContent = budgetText(bytes, maxBytes()) ?? ''
    budget.classList.toggle('over', isTooLong)
    input.setAttribute('aria-invalid', String(isTooLong))
    grow(input)
    onResize()
  }
  const submit = () => {
    if (send.disabled) return
    const content = input.value.trim()
    input.value = ''
    review()
    onSend(content)
  }
  input.addEventListener('input', review)
  input.addEventListener('keydown', (event) => {
    // During composition, for example of a Japanese word, Enter selects the word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    submit()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
    input.focus()
  })
  return {
    invite: () => {
      if (!matchMedia('(pointer: coarse)').matches) input.focus()
    },
  }
}

/** Fits the field's height to its text; the style sheet sets the maximum. */
const grow = (input: HTMLTextAreaElement) => {
  input.style.height = 'auto'
  input.style.height = `${input.scrollHeight + input.offsetHeight - input.clientHeight}px`
}
