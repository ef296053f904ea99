import { dirname } from 'node:path/posix'

type Module = { readonly source: string; readonly dependencies: readonly { readonly resolved: string }[] }

/**
 * Finds import cycles between folders of product code. A folder is the one that a file lies in, without its subfolders.
 *
 * @returns each cycle once, as the folders on its way, the first one repeated at the end
 */
export const folderCycles = (modules: readonly Module[]): readonly (readonly string[])[] => {
  const imports = folderImports(modules)
  const done = new Set<string>()
  const cycles: string[][] = []
  const visit = (folder: string, path: readonly string[]) => {
    const start = path.indexOf(folder)
    if (start >= 0) {
      cycles.push([...path.slice(start), folder])
      return
    }
    if (done.has(folder)) return
    for (const next of imports.get(folder) ?? []) visit(next, [...path, folder])
    done.add(folder)
  }
  for (const folder of imports.keys()) visit(folder, [])
  return cycles
}

const isProduct = (path: string): boolean => !/^(node_modules|test)\//.test(path) && path.includes('/')

const folderImports = (modules: readonly Module[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const imports = new Map<string, Set<string>>()
  for (const { source, dependencies } of modules.filter((module) => isProduct(module.source))) {
    const from = dirname(source)
    const targets = imports.get(from) ?? new Set<string>()
    imports.set(from, targets)
    for (const { resolved } of dependencies) {
      const to = dirname(resolved)
      if (isProduct(resolved) && to !== from) targets.add(to)
    }
  }
  return imports
}
