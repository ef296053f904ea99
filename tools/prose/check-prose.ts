import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { VFile } from 'vfile'
import { checkLinks, type Page } from './check-links.ts'
import { checkSpelling } from './check-spelling.ts'
import { checkText } from './check-text.ts'
import { commentsAsMarkdown } from './comments.ts'

export type Part = 'documents' | 'comments'
export type Report = { readonly files: number; readonly findings: readonly string[] }

const patterns = { documents: ['**/*.md', '.github/**/*.md'], comments: ['**/*.ts'] }
const generated = ['node_modules', 'dist', 'cdk.out', 'coverage', '.data']
// Titles of tests say what comments would.
const noProduct = ['test', ...generated]

/** Checks the Markdown files, or the comments of the product code, below a folder. No file at all is an error. */
export async function checkProse(part: Part, folder: string): Promise<Report> {
  const root = resolve(folder)
  const skipped = part === 'documents' ? generated : noProduct
  const names = globSync(patterns[part], { cwd: root, exclude: (name) => skipped.includes(name) })
  const paths = [...new Set(names)].sort().map((name) => resolve(root, name))
  if (paths.length === 0) throw new Error(`No file matches ${patterns[part].join(' or ')} in ${root}`)

  const pages = new Map<string, Page>()
  for (const path of paths) {
    const text = await readFile(path, 'utf8')
    const file = new VFile({ path, value: part === 'documents' ? text : commentsAsMarkdown(text) })
    pages.set(path, { file, tree: await checkText(file) })
  }
  if (part === 'documents') await checkLinks(pages, root)
  const spelling = await checkSpelling(paths, root)
  const findings = [...[...pages.values()].map(({ file }) => file), ...spelling]
    .flatMap((file) => file.messages)
    .map(({ file = '', line = 1, column = 1, reason, ruleId, source }) => ({
      path: relative(root, file),
      line,
      text: `${relative(root, file)}:${line}:${column}  ${reason}  (${source ?? ruleId})`,
    }))
    .sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
  return { files: paths.length, findings: findings.map(({ text }) => text) }
}
