import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Ends a process at once, if it has not ended by itself; resolves when it is gone. */
export const endProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
