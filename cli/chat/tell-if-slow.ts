import type { ChatClient } from '../../client/chat-client.ts'

type Deps = {
  readonly client: Pick<ChatClient, 'on'>
  readonly url: string
  readonly tell: (text: string) => void
}

/** So long nobody wonders. Ours. */
const patienceMs = 1000

/** Tells once what is being waited for, if the server takes longer than a moment to let us in. */
export const tellIfSlow = ({ client, url, tell }: Deps): void => {
  const timer = setTimeout(() => tell(`Connecting to ${url}…`), patienceMs)
  const end = client.on('state', ({ status }) => {
    if (status === 'connecting' || status === 'offline') return
    clearTimeout(timer)
    end()
  })
}
