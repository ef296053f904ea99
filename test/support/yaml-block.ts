/** The lines below a key of a YAML text, by its path, as deep as they are indented and without comments. */
export const yamlBlock = (text: string, ...path: readonly string[]): readonly string[] => {
  let lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  for (const key of path) {
    const start = lines.findIndex((line) => line.trimEnd() === `${indentOf(lines[0])}${key}:`)
    if (start === -1) throw new Error(`There is no ${key} in ${path.join('.')}`)
    const below = lines.slice(start + 1)
    const end = below.findIndex((line) => indentOf(line).length <= indentOf(lines[start]).length)
    lines = end === -1 ? below : below.slice(0, end)
  }
  return lines
}

/** The keys of a block, without what is below them. */
export const yamlKeys = (lines: readonly string[]): readonly string[] => Object.keys(yamlScalars(lines))

/** Key and value of each line of a block that is no deeper than its first one; a key without a value has ''. */
export const yamlScalars = (lines: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    lines
      .filter((line) => indentOf(line) === indentOf(lines[0]))
      .map((line) => {
        const [, key = '', value = ''] = /^\s*([^:]+):\s*(.*?)\s*$/.exec(line) ?? []
        return [key, value.replace(/^"(.*)"$/, '$1')]
      }),
  )

const indentOf = (line = ''): string => /^ */.exec(line)?.[0] ?? ''
