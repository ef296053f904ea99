/** Runs tasks, at most `max` of them at a time; the others wait in the order in which they came. */
export const makeConcurrencyLimit = (max: number): (<T>(task: () => Promise<T>) => Promise<T>) => {
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new Error(`concurrency is ${max}; it must be a whole number from 1 on.`)
  }
  const waiting: (() => void)[] = []
  let running = 0
  const enter = async () => {
    if (running < max) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const exit = () => {
    // The place goes straight to the next in line: freed first, a newcomer could take it before.
    const next = waiting.shift()
    if (next) next()
    else running--
  }
  return async (task) => {
    await enter()
    try {
      return await task()
    } finally {
      exit()
    }
  }
}
