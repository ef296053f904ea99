import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether this command is on the path. */
export const isInstalled = async (command: string): Promise<boolean> => {
  try {
    await run('which', [command])
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

/** For DynamoDB Local. */
export const hasJava17 = async (): Promise<boolean> => {
  if (!(await isInstalled('java'))) return false
  const { stderr } = await run('java', ['-version'])
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= 17
}
