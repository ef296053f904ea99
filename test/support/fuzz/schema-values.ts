import fc from 'fast-check'

/** Stands for the epoch of the room, which is not known when a frame is made. */
export const epochPlaceholder = '$epoch'

/** Rooms in which frames meet, so that there is something to read, to join and to leave. */
export const commonRooms = ['general', 'team-1', '__proto__', 'user.ada', 'dm.x']

/** As much of JSON Schema as the schemas of frames use. */
export type JsonSchema = {
  readonly type?: string
  readonly const?: unknown
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly maxProperties?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** Values of a schema; of those that can be, often the ones that lead somewhere. */
export const valuesOf = (schema: JsonSchema, name = ''): fc.Arbitrary<unknown> => {
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => valuesOf(one, name)))
  switch (schema.type) {
    case 'string':
      return schema.pattern ? roomIds(schema.pattern) : texts(schema, name)
    case 'integer':
    case 'number':
      return integers(schema)
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), { maxLength: 12 })
    case 'object':
      return schema.properties ? objects(schema.properties, schema.required) : attributes(schema)
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    default:
      throw new Error(`No values are known for ${JSON.stringify(schema)}`)
  }
}

const objects = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []) =>
  fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema, name)])),
    { requiredKeys: [...required] },
  )

/** Mostly few and short, as they have to be; now and then one too many or too long. */
const attributes = ({ maxProperties = 3 }: JsonSchema) => {
  const short = fc.string({ unit: 'binary', maxLength: 10 })
  const value = fc.oneof({ weight: 60, arbitrary: short }, { weight: 1, arbitrary: longTexts() })
  return fc.oneof(
    { weight: 9, arbitrary: fc.dictionary(short, value, { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(short, value, { maxKeys: maxProperties + 1, size: 'max' }) },
  )
}

const roomIds = (pattern: string) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant('general') },
    { weight: 3, arbitrary: fc.constantFrom(...commonRooms) },
    { weight: 1, arbitrary: fc.stringMatching(new RegExp(pattern)) },
  )

const texts = ({ minLength = 0, maxLength }: JsonSchema, name: string) => {
  const any = fc.string({ unit: 'binary', minLength, maxLength: 40 }).filter(({ length }) => length <= 64)
  const likely = name === 'epoch' ? [epochPlaceholder] : ['1', '2']
  return maxLength === undefined
    ? fc.oneof({ weight: 8, arbitrary: any }, { weight: 1, arbitrary: longTexts() })
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...likely) }, { weight: 1, arbitrary: any })
}

/** Around the limits of content: 8 KiB as JSON. */
const longTexts = () =>
  fc
    .tuple(
      fc.constantFrom('x', '"', '\u0000', 'ß', '世', '🙂'),
      fc.constantFrom(100, 1365, 2048, 4096, 8190, 8193),
    )
    .map(([unit, count]) => unit.repeat(count))

const integers = ({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: minimum, max: minimum + 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: minimum, max: maximum }) },
  )
