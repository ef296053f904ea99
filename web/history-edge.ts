import { ChatClientError } from '../client/api/errors.ts'
import type { RoomPage } from '../client/api/types.ts'
import { element } from './dom.ts'

type Deps = {
  readonly edge: HTMLElement
  readonly roomId: string
  /** Fetches messages older than the shown ones; undefined if none are shown. */
  readonly fetch: () => Promise<RoomPage | undefined>
  readonly show: (page: RoomPage) => void
}

/** Shows the upper edge of a room's messages: it loads older ones or says why there are none. */
export type HistoryEdge = {
  /** Updates the edge by a page that is shown. */
  readonly set: (page: { readonly more: boolean; readonly floor: number }) => void
  /** Loads older messages if there are any and none are being loaded, because the edge is near. */
  readonly reach: () => Promise<void>
}

export const makeHistoryEdge = ({ edge, roomId, fetch, show }: Deps): HistoryEdge => {
  let more = false
  let isLoading = false

  const set: HistoryEdge['set'] = (page) => {
    more = page.more
    if (more) edge.textContent = 'Loading earlier messages'
    else
      edge.textContent =
        page.floor > 1 ? 'Earlier messages are not kept' : `This is the beginning of #${roomId}`
  }
  const reach = async (): Promise<void> => {
    if (!more || isLoading) return
    isLoading = true
    try {
      const page = await fetch()
      if (page === undefined) return
      set(page)
      show(page)
    } catch (error) {
      if (!(error instanceof ChatClientError)) throw error
      offerRetry()
    } finally {
      isLoading = false
    }
  }
  const offerRetry = () => {
    const again = element('button', { type: 'button' }, 'Try again')
    again.addEventListener('click', () => {
      edge.textContent = 'Loading earlier messages'
      void reach()
    })
    edge.replaceChildren('Earlier messages could not be loaded. ', again)
  }
  return { set, reach }
}
