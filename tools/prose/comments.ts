import jsTokens from 'js-tokens'

/** Returns the comments of a TypeScript file as Markdown, each on its own line; lines of code are empty. */
export function commentsAsMarkdown(source: string): string {
  const lines = source.split('\n').map(() => '')
  let line = 0
  for (const { type, value } of jsTokens(source)) {
    const texts = type === 'SingleLineComment' ? [value.slice(2)] : blockLines(type, value)
    texts.forEach((text, index) => {
      lines[line + index] = text.replace(/^ /, '').trimEnd()
    })
    line += value.split('\n').length - 1
  }
  return lines.map(withoutTags).join('\n')
}

/** The lines of a block comment without its stars. An example is code, and is left out. */
function blockLines(type: string, value: string): string[] {
  if (type !== 'MultiLineComment') return []
  const text = value.replace(/^\/\*+/, '').replace(/\*+\/$/, '')
  const prose = text.replace(/@example\b[\s\S]*?(?=\n\s*\* @|$)/g, (example) => example.replace(/[^\n]/g, ''))
  return prose.split('\n').map((line) => line.replace(/^\s*\*(?= |$)/, ''))
}

/** Turns tags into items of a list, which need no full stop, and drops instructions for tools. */
const withoutTags = (line: string): string =>
  line
    .replace(/^(biome-ignore \S+|@ts-expect-error|\/ <reference.*|#(end)?region.*)/, '')
    .replace(/^@param (\S+)( -)?/, '- `$1`')
    .replace(/^@throws \{?(\w+)\}?/, '- `$1`')
    .replace(/^@\w+/, '-')
    .replace(/\{@\w+ ([^}]+)\}/g, '`$1`')
