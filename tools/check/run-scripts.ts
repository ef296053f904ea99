import { spawn } from 'node:child_process'

export type Outcome = {
  readonly script: string
  readonly passed: boolean
  readonly seconds: number
  readonly output: string
}

/** Runs scripts of package.json at the same time, and hands over each outcome when it is there. */
export const runScripts = (scripts: readonly string[], folder: string, report: (outcome: Outcome) => void) =>
  Promise.all(
    scripts.map(async (script) => {
      const outcome = await runScript(script, folder)
      report(outcome)
      return outcome
    }),
  )

function runScript(script: string, folder: string): Promise<Outcome> {
  const startedAtMs = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--run', script], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({
        script,
        passed: code === 0,
        seconds: (performance.now() - startedAtMs) / 1000,
        output: Buffer.concat(chunks).toString(),
      }),
    )
  })
}
