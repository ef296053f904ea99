import { fileURLToPath } from 'node:url'
import { lint } from 'cspell'
import { VFile } from 'vfile'

const config = fileURLToPath(new URL('cspell.json', import.meta.url))

/** Returns the words that neither the dictionaries nor the project's own words in cspell.json contain. */
export async function checkSpelling(paths: readonly string[], root: string): Promise<VFile[]> {
  const files = new Map(paths.map((path) => [path, new VFile({ path })]))
  const ignore = () => undefined
  const result = await lint(
    [],
    { config, root, files: [...paths], dot: true, showSuggestions: true, maxDuplicateProblems: 1000 },
    {
      issue: ({ uri, text, row, col, suggestions = [] }) => {
        const hint = suggestions.length ? `; did you mean ${suggestions.slice(0, 3).join(', ')}?` : ''
        files.get(fileURLToPath(uri ?? ''))?.message(`"${text}" is not in the dictionary${hint}`, {
          place: { line: row, column: col },
          ruleId: 'spelling',
        })
      },
      info: ignore,
      debug: ignore,
      progress: ignore,
      result: ignore,
      error: (message, error) => {
        throw new Error(message, { cause: error })
      },
    },
  )
  if (result.files !== paths.length) throw new Error(`cspell read ${result.files} of ${paths.length} files`)
  return [...files.values()]
}
