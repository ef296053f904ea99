import { describe, expectTypeOf, it } from 'vitest'
import type { ChatMessage, Cursor, RoomPage, Sent } from '../../../../client/api/types.ts'
import type { Cursor as CursorOfSchema } from '../../../../protocol/client-frames.ts'
import type {
  AckFrame,
  ChatMessage as ChatMessageOfSchema,
  HistoryFrame,
} from '../../../../protocol/server-frames.ts'

type FieldsOf<Frame> = Exclude<keyof Frame, 'type' | 'id'>

// That their fields fit, the compiler finds in the client itself; here (`npm run types`) that none was forgotten.
describe("the types of the client's API", () => {
  it('have every field of the schemas that they are written from', () => {
    expectTypeOf<keyof ChatMessage>().toEqualTypeOf<keyof ChatMessageOfSchema>()
    expectTypeOf<keyof ChatMessage['sender']>().toEqualTypeOf<keyof ChatMessageOfSchema['sender']>()
    expectTypeOf<keyof Cursor>().toEqualTypeOf<keyof CursorOfSchema>()
    expectTypeOf<keyof RoomPage>().toEqualTypeOf<FieldsOf<HistoryFrame>>()
    expectTypeOf<keyof Sent>().toEqualTypeOf<FieldsOf<AckFrame> | 'clientMessageId'>()
  })
})
