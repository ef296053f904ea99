import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { checkProse, type Part } from '../../../../tools/prose/check-prose.ts'

async function findings(part: Part, files: Record<string, string>): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'prose-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return (await checkProse(part, folder)).findings
}

const inDocument = (text: string) => findings('documents', { 'a.md': text })
const words = (count: number) =>
  Array.from({ length: count }, () => 'word and')
    .join(' ')
    .split(' ')
    .slice(0, count)
const sentence = (count: number) => `The ${words(count - 1).join(' ')}.`

it.each([
  ['a sentence of 26 words', sentence(26), 'a.md:1:1  26 words', 'sentence-length'],
  ['a long item of a list', `- ${sentence(26)}`, 'a.md:1:3  26 words', 'sentence-length'],
  ['a phrase', 'The job is set aside.', 'a.md:1:12  "set aside"', 'phrase'],
  [
    'a phrase on two lines',
    'The client reads it\nand waits, not any\nmore.',
    'a.md:2:16  "any more"',
    'phrase',
  ],
  ['a phrase in a table', '| Limit | Source |\n|---|---|\n| 5 | Ours. |', 'a.md:3:7  "Ours."', 'phrase'],
  ['a phrase in the text of a link', '[It is owed](https://example.org).', 'a.md:1:8  "owed"', 'phrase'],
  ['"who" as a subject', 'A race ends.\nWho loses it waits.', 'a.md:2:1  "Who" begins', 'headless-subject'],
  ['"what" as a subject', '## What remains', 'a.md:1:4  "What" begins', 'headless-subject'],
  ['a repeated word', 'The client reads the the log.', 'a.md:1:18', 'retext-repeated-words'],
  ['the wrong article', 'The client has an token.', 'a.md:1:16', 'retext-indefinite-article'],
  ['a misspelling', 'The client recieves it.', 'a.md:1:12  "recieves"', 'spelling'],
  ['an American spelling', 'The behavior is the same.', 'a.md:1:5  "behavior"', 'spelling'],
  ['a link to a missing file', 'See [it](b.md).', 'a.md:1:5  b.md: no such file', 'link'],
  ['a link to missing source', 'See [it](core/b.ts).', 'a.md:1:5  core/b.ts: no such file', 'link'],
  [
    'a link to a missing heading',
    '# Title\n\nSee [it](#titles).',
    'a.md:3:5  #titles: no such heading',
    'link',
  ],
  ['a reference to a missing file', 'See [it].\n\n[it]: b.md', 'a.md:3:1  b.md: no such file', 'link'],
  ['a link out of the repository', 'See [it](../b.md).', 'a.md:1:5  ../b.md: outside the', 'link'],
])('%s is reported', async (_, text, start, rule) => {
  const found = await inDocument(text)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(start)
  expect(found[0]).toContain(`(${rule})`)
})

it.each([
  ['a sentence of 25 words', sentence(25)],
  ['a long cell of a table', `| What counts |\n|---|\n| ${sentence(40)} |`],
  ['a block of code', `\`\`\`sh\nwhoever recieves ${sentence(40)}\n\`\`\``],
  ['a code span, which counts as one word', `${sentence(24).slice(0, -1)} \`whoever recieves it any more\`.`],
  ['a question', 'Who may connect?'],
  ['the target of a link', 'The [page](https://example.org/whoever/recieves) is there.'],
])('%s passes', async (_, text) => {
  expect(await inDocument(text)).toEqual([])
})

it('links to files, headings, anchors and lines of other files pass if these exist', async () => {
  const links = [
    'b.md',
    '../a.md',
    'b.md#the-title',
    'b.md#the-title-1',
    '#here',
    '/core/c.ts',
    '../core/c.ts#L2',
    '../core',
  ]
  const page = `# Here\n\n${links.map((link) => `- [link](${link})`).join('\n')}\n`
  const files = {
    'docs/d.md': page,
    'docs/b.md': '# The title\n\n## The `title`\n',
    'a.md': 'Text.',
    'core/c.ts': '\n\n',
  }
  expect(await findings('documents', files)).toEqual([])
})

it('a missing heading of another file and a line after the last are reported', async () => {
  const files = { 'a.md': '[one](b.md#two), [two](c.ts#L9)', 'b.md': '# One', 'c.ts': '' }
  expect(await findings('documents', files)).toEqual([
    'a.md:1:1  b.md#two: no such heading  (link)',
    'a.md:1:18  c.ts#L9: no such line  (link)',
  ])
})

it('comments follow the same rules, and code does not', async () => {
  const source = [
    '/**',
    ' * Reads the log, for good.',
    ' *',
    ' * @param who a client',
    ' * @throws Error what is left of the message',
    ' * @example',
    ' * whoever(recieves)',
    ' */',
    `export const read = 'whoever recieves // it any more' // Recieves it.`,
    '// What comes next',
    '// is a list.',
    'const whoever = [`// for good`, /\\/\\/ for good/]',
    '',
  ].join('\n')
  const found = await findings('comments', { 'core/read.ts': source, 'test/read.test.ts': '// Whoever.' })
  expect(found.map((finding) => finding.replace(/ {2}.*\(/, ' ('))).toEqual([
    'core/read.ts:2:16 (phrase)',
    'core/read.ts:9:58 (spelling)',
    'core/read.ts:10:1 (headless-subject)',
  ])
})

it.each(['documents', 'comments'] as const)('%s of which there are none are an error', async (part) => {
  await expect(findings(part, { 'node_modules/a/a.md': '', 'node_modules/a/a.ts': '' })).rejects.toThrow(
    'No file',
  )
})
