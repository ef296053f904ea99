import type { Nodes, Root } from 'mdast'
import { toNlcst } from 'mdast-util-to-nlcst'
import type { Root as Language, Sentence } from 'nlcst'
import { ParseEnglish } from 'parse-english'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import retextIndefiniteArticle from 'retext-indefinite-article'
import retextRepeatedWords from 'retext-repeated-words'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'
import type { VFile } from 'vfile'
import { phrases } from './phrases.ts'

const maxWords = 25

const markdown = unified().use(remarkParse).use(remarkGfm)
const language = unified().use(retextRepeatedWords).use(retextIndefiniteArticle)

/** Parses Markdown, checks its sentences, and adds the findings to the file's messages. */
export async function checkText(file: VFile): Promise<Root> {
  const tree = markdown.parse(file)
  const cells: Nodes[] = []
  visit(tree, 'tableCell', (cell) => {
    cells.push(cell)
  })
  for (const part of [tree, ...cells]) await checkSentences(part, file)
  return tree
}

async function checkSentences(part: Nodes, file: VFile): Promise<void> {
  // `toNlcst` skips tables, so each cell is a part of its own. A cell is seldom a sentence: any length and subject pass.
  const isCell = part.type === 'tableCell'
  const block = isCell ? { ...part, type: 'paragraph' as const } : part
  const tree = toNlcst(block, file, ParseEnglish) as Language
  await language.run(tree, file)
  visit(tree, 'SentenceNode', (sentence) => {
    checkPhrases(sentence, file)
    if (isCell) return
    checkLength(sentence, file)
    checkSubject(sentence, file)
  })
}

function checkLength(sentence: Sentence, file: VFile): void {
  const words = wordsOf(sentence).length
  if (words <= maxWords) return
  file.message(`${words} words in a sentence; split it, at most ${maxWords}`, {
    place: sentence.position,
    ruleId: 'sentence-length',
  })
}

/** Reports "Who loses a race waits": a clause without a noun as the subject. Questions and single words pass. */
function checkSubject(sentence: Sentence, file: VFile): void {
  const text = proseOf(sentence, file)
  if (wordsOf(sentence).length < 2 || /\?["')\]]*\s*$/.test(text)) return
  const word = /^[^a-z`]*(who|whose|what|whatever)\b/i.exec(text)?.[1]
  if (!word) return
  file.message(`"${word}" begins the sentence; name the subject with a noun`, {
    place: sentence.position,
    ruleId: 'headless-subject',
  })
}

function checkPhrases(sentence: Sentence, file: VFile): void {
  const text = proseOf(sentence, file)
  for (const [pattern, instead] of phrases) {
    // A line of the source may end within a phrase.
    const spaced = new RegExp(pattern.source.replaceAll(' ', '\\s+'), `g${pattern.flags}`)
    for (const match of text.matchAll(spaced)) {
      const start = sentence.position?.start
      const before = text.slice(0, match.index).split('\n')
      const line = (start?.line ?? 1) + before.length - 1
      const column = (before.length === 1 ? (start?.column ?? 1) : 1) + (before.at(-1)?.length ?? 0)
      const phrase = match[0].replace(/\s+/g, ' ')
      file.message(`"${phrase}": use ${instead}`, { place: { line, column }, ruleId: 'phrase' })
    }
  }
}

/** A code span counts as one word. */
const wordsOf = (sentence: Sentence) =>
  sentence.children.filter(({ type }) => type === 'WordNode' || type === 'SourceNode')

/** The sentence as it stands in the file, with code and the targets of links blanked out. */
function proseOf(sentence: Sentence, file: VFile): string {
  const offset = sentence.position?.start.offset ?? 0
  const blank = (text: string) => text.replace(/[^\n]/g, '`')
  return sentence.children.reduce(
    (text, { type, position }) => {
      if (type !== 'SourceNode') return text
      const [from, to] = [(position?.start.offset ?? 0) - offset, (position?.end.offset ?? 0) - offset]
      return text.slice(0, from) + blank(text.slice(from, to)) + text.slice(to)
    },
    String(file)
      .slice(offset, sentence.position?.end.offset)
      .replace(/\]\([^)\s]*\)/g, blank),
  )
}
