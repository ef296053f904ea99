import { readFile } from 'node:fs/promises'
import { Parser } from '@asyncapi/parser'
import { expect, it } from 'vitest'
import { asyncApiDocument } from '../../../tools/asyncapi.ts'

it('protocol/asyncapi.json is what the schemas say: `npm run asyncapi` writes it', async () => {
  const written = await readFile(new URL('../../../protocol/asyncapi.json', import.meta.url), 'utf8')
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(asyncApiDocument())))
})

it('protocol/asyncapi.json is a valid AsyncAPI document', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApiDocument()))
  expect(diagnostics.filter(({ severity }) => severity <= 1)).toEqual([])
  expect(document?.messages().all()).toHaveLength(15)
})
