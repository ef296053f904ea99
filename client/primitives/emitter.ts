import { throwLater } from './rethrow.ts'

export type Listener<Event> = (event: Event) => void

export type Emitter<Events> = {
  /** Calls `listener` for each event of that name, in order; what it returns takes the listener off again. */
  readonly on: <Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>) => () => void
  readonly emit: <Name extends keyof Events>(name: Name, event: Events[Name]) => void
}

/**
 * Listeners by event name. An event that comes of what a listener does waits until every listener has had the one
 * before, so that all see the same order. What a listener throws is thrown again outside: it stops neither others nor
 * the client.
 */
export const makeEmitter = <Events>(): Emitter<Events> => {
  const listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}
  const waiting: (() => void)[] = []
  let isTelling = false

  const tell = <Name extends keyof Events>(name: Name, event: Events[Name]) => {
    for (const listener of [...(listeners[name] ?? [])]) {
      // Another one may have taken it off just now.
      if (!listeners[name]?.has(listener)) continue
      try {
        listener(event)
      } catch (error) {
        throwLater(error)
      }
    }
  }
  return {
    on: (name, listener) => {
      const registered = listeners[name] ?? new Set()
      listeners[name] = registered
      registered.add(listener)
      return () => registered.delete(listener)
    },
    emit: (name, event) => {
      waiting.push(() => tell(name, event))
      if (isTelling) return
      isTelling = true
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next()
      isTelling = false
    },
  }
}
