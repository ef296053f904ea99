import { element } from './dom.ts'

export type RoomTabs = {
  readonly add: (roomId: string) => void
  readonly remove: (roomId: string) => void
  readonly select: (roomId: string) => void
  /** Sets the number of unread messages of a room. */
  readonly setUnread: (roomId: string, count: number) => void
}

type Deps = { readonly list: HTMLElement; readonly onSelect: (roomId: string) => void }

type Tab = { readonly item: HTMLLIElement; readonly button: HTMLButtonElement; readonly unread: HTMLElement }

/** Shows the joined rooms as tabs. */
export const makeRoomTabs = ({ list, onSelect }: Deps): RoomTabs => {
  const tabs = new Map<string, Tab>()
  return {
    add: (roomId) => {
      const unread = element('span', { class: 'unread', hidden: '' })
      const button = element(
        'button',
        { type: 'button', class: 'tab', 'data-testid': 'room-tab', 'data-room': roomId },
        element('bdi', {}, roomId),
        unread,
      )
      button.addEventListener('click', () => onSelect(roomId))
      const item = element('li', {}, button)
      tabs.set(roomId, { item, button, unread })
      list.append(item)
    },
    remove: (roomId) => {
      tabs.get(roomId)?.item.remove()
      tabs.delete(roomId)
    },
    select: (roomId) => {
      for (const [each, { button }] of tabs) {
        if (each === roomId) button.setAttribute('aria-current', 'true')
        else button.removeAttribute('aria-current')
      }
    },
    setUnread: (roomId, count) => {
      const tab = tabs.get(roomId)
      if (tab === undefined) return
      tab.unread.hidden = count === 0
      tab.unread.textContent = count > 99 ? '99+' : String(count)
      tab.unread.setAttribute('aria-label', `${count} unread`)
    },
  }
}
