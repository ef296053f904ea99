import type { Moderator } from '../../core/ports.ts'

/** Accepts every message unchanged. */
export const passThroughModerator: Moderator = async ({ content }) => content
