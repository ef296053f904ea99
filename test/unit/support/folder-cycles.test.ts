import { expect, it } from 'vitest'
import { folderCycles } from '../../support/folder-cycles.ts'

const importing = (source: string, ...resolved: string[]) => ({
  source,
  dependencies: resolved.map((path) => ({ resolved: path })),
})

it('finds folders that import each other, also over a third one', () => {
  const direct = [importing('a/one.ts', 'b/two.ts'), importing('b/two.ts', 'a/three.ts')]
  expect(folderCycles(direct)).toEqual([['a', 'b', 'a']])
  const over = [importing('a/x.ts', 'b/x.ts'), importing('b/x.ts', 'c/x.ts'), importing('c/y.ts', 'a/y.ts')]
  expect(folderCycles(over)).toEqual([['a', 'b', 'c', 'a']])
})

it('accepts imports in one direction, within a folder, and of packages', () => {
  const modules = [
    importing('a/one.ts', 'a/two.ts', 'a/below/three.ts', 'node_modules/x/index.js'),
    importing('a/below/three.ts', 'b/four.ts'),
  ]
  expect(folderCycles(modules)).toEqual([])
})
