import { expect, it } from 'vitest'
import { entryOf } from '../../../../core/domain/entry.ts'
import { draftOf } from '../../../support/drafts.ts'

it('makes an entry of what a draft says, without what only its way into the log needed', () => {
  const {
    roomId: _,
    since: __,
    ...said
  } = draftOf({
    since: { epoch: 'e', seq: 1 },
    attributes: { mood: 'good' },
  })
  expect(entryOf(draftOf({ ...said, since: { epoch: 'e', seq: 1 } }), 7)).toStrictEqual({ ...said, seq: 7 })
})

it('leaves out what a draft does not say', () => {
  const { clientMessageId: _, roomId: __, ...said } = draftOf()
  expect(entryOf(said, 1)).toStrictEqual({ ...said, seq: 1 })
})
