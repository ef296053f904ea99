import { execFileSync } from 'node:child_process'

/** Times of several cold starts, in ms. */
export type StartUp = { readonly median: number; readonly min: number }

// Measures only the load of the function, because Lambda has the process ready.
const script = `
  const startedAt = performance.now()
  require(process.argv[1])
  console.log(performance.now() - startedAt)
`

/**
 * Loads each file in `rounds` separate processes, all files in each round, so that a temporary slowdown of the machine affects
 * all of them.
 */
export const measureStartUp = (
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
  rounds: number,
): ReadonlyMap<string, StartUp> => {
  const times = new Map(files.map((file) => [file, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const [file, measured] of times) {
      const output = execFileSync(process.execPath, ['-e', script, file], { env: { ...environment } })
      measured.push(Number(output.toString()))
    }
  }
  return new Map([...times].map(([file, measured]) => [file, summaryOf(measured)]))
}

const summaryOf = (times: readonly number[]): StartUp => {
  const sorted = times.toSorted((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, min: sorted[0] ?? Number.NaN }
}
