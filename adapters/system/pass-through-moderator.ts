import type { Moderator } from '../../core/ports.ts'

/** Stores every message as it was sent. */
export const passThroughModerator: Moderator = async ({ content }) => content
