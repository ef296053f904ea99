import { expect, it } from 'vitest'
import { coverageTable } from '../../../tools/coverage-table.ts'

const measure = { total: 8, covered: 7, skipped: 0, pct: 87.5 }

it('the coverage is told as a table in Markdown', () => {
  const total = { lines: measure, statements: measure, branches: measure, functions: measure }
  expect(coverageTable(JSON.stringify({ total, '/some/file.ts': total }))).toBe(
    [
      '| coverage | | |',
      '|---|---|---|',
      '| lines | 87.5 % | 7 of 8 |',
      '| statements | 87.5 % | 7 of 8 |',
      '| branches | 87.5 % | 7 of 8 |',
      '| functions | 87.5 % | 7 of 8 |',
      '',
    ].join('\n'),
  )
})

it('a coverage that was not measured is none', () => {
  expect(() => coverageTable('{}')).toThrow('total')
})
