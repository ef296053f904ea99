/** Creates a function that runs at most `max` tasks at a time; others wait in order. */
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
    // The slot passes directly to the next task: if it were freed first, a new task could take it.
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
