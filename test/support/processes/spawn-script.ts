import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { endProcess } from './end-process.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A script as a process of its own, and what it writes; it is killed when the test ends. */
export const spawnScript = (script: string, args: readonly string[], env: Environment, input = '') => {
  const child = spawn(process.execPath, [script, ...args], { env })
  child.stdin.end(input)
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  onTestFinished(() => endProcess(child))
  return {
    child,
    output: () => output,
    errors: () => errors,
    exited: once(child, 'exit').then(([code]) => code as number | null),
    /** Once it has ended, however, and all that it wrote is here. */
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, output, errors })),
  }
}
