import { readFile } from 'node:fs/promises'
import { coverageTable } from './coverage-table.ts'

const summary = await readFile(new URL('../coverage/coverage-summary.json', import.meta.url), 'utf8')
process.stdout.write(coverageTable(summary))
