import * as v from 'valibot'
import { UserIdSchema } from '../../protocol/client-frames.ts'

/** Maximum code points of a name, which every message of the user carries (our choice). */
const maxNameCodePoints = 128
/** Maximum `exp` in seconds: 8.64e15 ms is the last moment that a Date can represent. */
const maxNumericDate = 8_640_000_000_000

/**
 * Pattern of characters that names must not contain: control characters, unpaired surrogates, line separators, and
 * direction marks, which can make one name look like another. Joiners are allowed, because emoji use them.
 */
const unfitForNames = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const cleanName = (name: string): string | undefined => {
  const cleaned = name.replaceAll(unfitForNames, '').trim()
  return [...cleaned].slice(0, maxNameCodePoints).join('').trimEnd() || undefined
}

const NameSchema = v.pipe(v.nullish(v.string('must be a string'), ''), v.transform(cleanName))

const RoomPatternSchema = v.pipe(
  v.string('must be a string'),
  v.regex(
    /^(?:[A-Za-z0-9_.:-]{1,128}|[A-Za-z0-9_.:-]{0,128}\*)$/,
    'must be a room id, or a pattern that ends in its only *',
  ),
)

/** Schema of the claims that the wire contract defines; others are ignored. */
export const ClaimsSchema = v.object({
  sub: UserIdSchema,
  exp: v.pipe(v.number('must be a number'), v.maxValue(maxNumericDate, 'lies too far ahead')),
  name: NameSchema,
  rooms: v.nullish(v.array(RoomPatternSchema, 'must be a list of room ids and patterns'), []),
  roles: v.nullish(v.array(v.string('must be a string'), 'must be a list of strings'), []),
})
