import { throwLater } from './rethrow.ts'

/** Function that receives an event. */
export type Listener<Event> = (event: Event) => void

/** Registry of listeners by event name. */
export type Emitter<Events> = {
  /** Calls `listener` for each event of that name, in order. @returns a function that removes the listener */
  readonly on: <Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>) => () => void
  /** Calls the listeners of that name. */
  readonly emit: <Name extends keyof Events>(name: Name, event: Events[Name]) => void
}

/**
 * Creates a registry without listeners. An event that a listener causes waits until every listener has received the
 * previous one, so that all see the same order. An error thrown by a listener is rethrown later and stops neither the
 * other listeners nor the client.
 */
export const makeEmitter = <Events>(): Emitter<Events> => {
  const listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}
  const waiting: (() => void)[] = []
  let isEmitting = false

  const callListeners = <Name extends keyof Events>(name: Name, event: Events[Name]) => {
    for (const listener of [...(listeners[name] ?? [])]) {
      // Another listener may have removed this one just now.
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
      waiting.push(() => callListeners(name, event))
      if (isEmitting) return
      isEmitting = true
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next()
      isEmitting = false
    },
  }
}
