import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something is the case, by default for 5 s at most. */
export const eventually = async (
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 5000,
): Promise<void> => {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain for ${what}`)
    await delay(5)
  }
}
