import { describe, expect, it } from 'vitest'
import { passThroughModerator } from '../../../../adapters/system/pass-through-moderator.ts'

describe('pass-through moderator', () => {
  it('has a message stored as it was sent', async () => {
    const draft = { roomId: 'general', sender: { userId: 'ada' }, content: ' <b>hello</b>\n' }

    expect(await passThroughModerator(draft)).toBe(draft.content)
  })
})
