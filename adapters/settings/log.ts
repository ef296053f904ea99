import * as v from 'valibot'
import { oneOf } from './settings.ts'

export type LogLevel = v.InferOutput<typeof levels>

const levels = oneOf('info', 'warn', 'error', 'silent')

/** The least that is logged; `silent`: nothing. */
export const logEntries = { LOG_LEVEL: v.optional(levels, 'info') } as const
