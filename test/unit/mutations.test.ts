import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { mutations } from '../mutations/mutations.ts'

describe('the mutations', () => {
  it.each(mutations)('find what they break in $file: $fault', async ({ file, original, broken }) => {
    const source = await readFile(file, 'utf8')
    expect(source.split(original)).toHaveLength(2)
    expect(broken).not.toBe(original)
  })

  it('name one test each, and leave no promise out', async () => {
    const promises = await readFile('test/e2e/promises.test.ts', 'utf8')
    const titles = [...promises.matchAll(/^ {2}it\((['"])(.+)\1, async/gm)].map(([, , title = '']) => title)
    for (const { test } of mutations) expect(titles.filter((title) => title.startsWith(test))).toHaveLength(1)
    const unnoticed = titles.filter((title) => !mutations.some(({ test }) => title.startsWith(test)))
    expect(unnoticed).toEqual([])
  })
})
