import type { ChatClient } from '../../client/chat-client.ts'

type Deps = {
  readonly client: Pick<ChatClient, 'on'>
  readonly url: string
  readonly tell: (text: string) => void
}

/** Time before the message is printed, in ms (our choice). */
const patienceMs = 1000

/** Prints once that the command waits for the server, if connecting takes longer than a moment. */
export const tellIfSlow = ({ client, url, tell }: Deps): void => {
  const timer = setTimeout(() => tell(`Connecting to ${url}…`), patienceMs)
  const end = client.on('state', ({ status }) => {
    if (status === 'connecting' || status === 'offline') return
    clearTimeout(timer)
    end()
  })
}
