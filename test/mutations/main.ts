import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Mutation, mutations } from './mutations.ts'

// `npm run mutations`: breaks the code behind each promise of PROTOCOL.md once, in a copy of this folder, and sees
// whether the test that bears the promise's name fails. Ends with 1 if one does not.

const root = resolve(import.meta.dirname, '../..')
const notCopied = ['.git', '.data', 'coverage', 'dist', 'node_modules']

type Outcome = { readonly ran: number; readonly failed: number }

const copyTree = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-mutations-'))
  await cp(root, folder, {
    recursive: true,
    filter: (source) => !notCopied.includes(relative(root, source)),
  })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Runs the promises whose title begins so, on the embedded parts. */
const runTests = async (folder: string, title: string): Promise<Outcome> => {
  const report = join(folder, 'report.json')
  const pattern = `the embedded parts:.*${title.replaceAll(/[^\w ]/g, '.')}`
  const arguments_ = ['run', 'test/e2e/promises', '-t', pattern, '--reporter=json', `--outputFile=${report}`]
  await rm(report, { force: true })
  try {
    await promisify(execFile)(process.execPath, ['node_modules/vitest/vitest.mjs', ...arguments_], {
      cwd: folder,
    })
  } catch (error) {
    // A failing test is what this is here to see; whatever else it was has left no report.
    if (!(error instanceof Error)) throw error
  }
  const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8'))
  return { ran: numPassedTests + numFailedTests, failed: numFailedTests }
}

const applied = (source: string, { file, original, broken }: Mutation): string => {
  const [before, after, ...others] = source.split(original)
  if (before === undefined || after === undefined || others.length > 0) {
    throw new Error(`${file} has not exactly one ${JSON.stringify(original)}: bring mutations.ts up to date.`)
  }
  return before + broken + after
}

const isNoticed = async (folder: string, mutation: Mutation): Promise<boolean> => {
  const path = join(folder, mutation.file)
  const source = await readFile(path, 'utf8')
  await writeFile(path, applied(source, mutation))
  try {
    const { ran, failed } = await runTests(folder, mutation.test)
    if (ran !== 1) throw new Error(`${ran} tests begin with "${mutation.test}"; it has to be one.`)
    return failed === 1
  } finally {
    await writeFile(path, source)
  }
}

const folder = await copyTree()
try {
  const unbroken = await runTests(folder, '')
  if (unbroken.ran === 0 || unbroken.failed > 0) {
    throw new Error(`Before anything was broken, ${unbroken.failed} of ${unbroken.ran} tests failed.`)
  }
  let unnoticed = 0
  for (const mutation of mutations) {
    const noticed = await isNoticed(folder, mutation)
    if (!noticed) unnoticed++
    console.log(`${noticed ? 'noticed    ' : 'NOT NOTICED'}  ${mutation.fault}  →  ${mutation.test} …`)
  }
  console.log(`${mutations.length - unnoticed} of ${mutations.length} mutations noticed`)
  process.exitCode = unnoticed > 0 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}
