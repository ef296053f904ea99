import { writeFile } from 'node:fs/promises'
import { asyncApiDocument } from './asyncapi.ts'

await writeFile(
  new URL('../protocol/asyncapi.json', import.meta.url),
  `${JSON.stringify(asyncApiDocument(), null, 2)}\n`,
)
