import { readFile } from 'node:fs/promises'
import { parseJson } from '../../../protocol/parse-json.ts'

/**
 * What gateways have logged as errors and no fault explains: not a store or a broker that was out of reach, nor a
 * function that took too long meanwhile. By message, with how often.
 */
export const defectsIn = async (logFiles: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const counts: Record<string, number> = {}
  for (const file of logFiles) {
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const defect = defectIn(line)
      if (defect !== undefined) counts[defect] = (counts[defect] ?? 0) + 1
    }
  }
  return counts
}

const defectIn = (line: string): string | undefined => {
  const logged = parseJson(line) as LoggedLine | undefined
  // What is no JSON is what a node says that could not start, or the trace of one that crashed, which is counted.
  if (logged?.level !== 'error') return undefined
  const { code, name = '' } = logged.error ?? {}
  if (code === 'unavailable' || name === 'InvocationTimeout') return undefined
  // A clock that jumped, or a node that was frozen between signing and sending.
  if (logged.error?.message === 'Signature expired') return undefined
  return `${logged.message}: ${logged.error?.message ?? ''}`
}

type LoggedLine = {
  readonly level?: string
  readonly message?: string
  readonly error?: { readonly code?: string; readonly name?: string; readonly message?: string }
}

/** What the gateways have done, by their logs, so that one can see that it was done at all. */
export type Activity = { readonly openedConnections: number; readonly splitRooms: number }

export const activityIn = async (logFiles: readonly string[]): Promise<Activity> => {
  const logs = await Promise.all(logFiles.map((file) => readFile(file, 'utf8')))
  const countOf = (text: string) => logs.reduce((count, log) => count + log.split(text).length - 1, 0)
  return {
    openedConnections: countOf('"message":"A connection opened"'),
    splitRooms: countOf('"message":"A room is large now'),
  }
}
