import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something is the case, by default for 20 s at most: a busy machine takes its time. */
export const eventually = async (
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> => {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain for ${what}`)
    await delay(5)
  }
}
