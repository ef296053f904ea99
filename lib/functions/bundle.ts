import { rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type OnResolveArgs, type PluginBuild } from 'esbuild'
import { type FunctionName, functionNames } from '../../lambdas/routes.ts'

/** A file of a function: what Node loads, or the map that leads from it to the sources. */
export type BundleFile = {
  readonly path: string
  /** Paths of the sources in it, from the project's folder. Empty for a map. */
  readonly sources: readonly string[]
}

/** A function as it is deployed: a folder whose `index.js` exports `handler`. */
export type Bundle = { readonly folder: string; readonly files: readonly BundleFile[] }

export type Bundles = Readonly<Record<FunctionName, Bundle>>

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Where bundles lie for CDK to pick up. */
export const bundlesFolder = join(projectFolder, 'dist/lambdas')

/** What becomes a file below the folder of all bundles, such as `connect/index`, and its source. */
type Entries = readonly (readonly [name: string, source: string])[]

/**
 * Bundles every function into a folder of its own below `folder`, which is emptied first.
 *
 * Each is one minified CommonJS file, made from the packages' ES modules: of what was tried, this starts fastest (`npm
 * run bundle:report`). What a function imports late, because it may never need it, becomes a file beside it: in the
 * same file it would have to be compiled all the same, and whatever it shares with the rest could not be joined.
 */
export const bundleFunctions = async (folder = bundlesFolder): Promise<Bundles> => {
  await rm(folder, { recursive: true, force: true })
  const files: BundleFile[] = []
  let entries: Entries = functionNames.map((name) => [`${name}/index`, `lambdas/entries/${name}.ts`])
  while (entries.length > 0) {
    const late = new Map<string, string>()
    const metafile = await bundle(folder, entries, late)
    refuseLateImportsWithin(metafile)
    files.push(...filesOf(metafile))
    const isNew = (name: string) => !files.some(({ path }) => path === join(folder, `${name}.js`))
    entries = lateEntries(folder, metafile, late).filter(([name]) => isNew(name))
  }
  const bundles = functionNames.map((name) => [name, bundleOf(join(folder, name), files)] as const)
  // The project's own package.json would make ES modules of them, wherever they lie below it.
  for (const [, bundled] of bundles)
    await writeFile(join(bundled.folder, 'package.json'), '{"type":"commonjs"}')
  return Object.fromEntries(bundles) as Record<FunctionName, Bundle>
}

const bundleOf = (folder: string, files: readonly BundleFile[]): Bundle => ({
  folder,
  files: files.filter(({ path }) => path.startsWith(`${folder}${sep}`)),
})

/** All at once, so that what they share is read once. */
const bundle = async (folder: string, entries: Entries, late: Map<string, string>): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: Object.fromEntries(entries),
    outdir: folder,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    alias: {
      '@aws-sdk/credential-provider-node': join(projectFolder, 'lambdas/wiring/credential-provider.ts'),
    },
    supported: { 'dynamic-import': false },
    plugins: [{ name: 'late', setup: (plugin) => setApart(plugin, late) }],
  })
  return metafile
}

/** Paths that are imported late somewhere: esbuild asks for those alone, and not for each of thousands of imports. */
const lateImports = /^@aws-sdk\/client-|^@smithy\/core\/event-streams$|^bowser$|\/secret-source\.ts$/

/** Has each late import of the bundle stay an import, of a file whose name and source are noted. */
const setApart = (plugin: PluginBuild, late: Map<string, string>): void => {
  plugin.onResolve(
    { filter: lateImports },
    async ({ path, kind, resolveDir, importer, pluginData }: OnResolveArgs) => {
      if (kind !== 'dynamic-import' || pluginData === resolving) return undefined
      const options = { kind: 'import-statement', resolveDir, importer, pluginData: resolving } as const
      const { path: source, errors } = await plugin.resolve(path, options)
      if (errors.length > 0) return { errors }
      const file = `./${fileNameOf(source)}`
      late.set(file, source)
      return { path: file, external: true }
    },
  )
}

/** Marks the question that the plugin itself asks. */
const resolving = Symbol('resolving')

const fileNameOf = (source: string): string =>
  `${source
    .replace(/^.*node_modules\//, '')
    .replace(projectFolder, '')
    .replace(/\.[a-z]+$/, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')}.js`

/** Late imports that are left in a file, beside it; most are in code that was found to be unused. */
const lateEntries = (folder: string, { outputs }: Metafile, late: ReadonlyMap<string, string>): Entries =>
  Object.entries(outputs).flatMap(([output, { imports }]) => {
    const beside = dirname(relative(folder, join(projectFolder, output)))
    return imports.flatMap(({ path }) => {
      const source = late.get(path)
      return source === undefined ? [] : [[join(beside, path.replace(/\.js$/, '')), source] as const]
    })
  })

/** One that `lateImports` does not know would go into the bundle after all, and slow it down. */
const refuseLateImportsWithin = ({ inputs, outputs }: Metafile): void => {
  for (const source of Object.values(outputs).flatMap((output) => Object.keys(output.inputs))) {
    const unknown = inputs[source]?.imports.find(
      ({ kind, external }) => kind === 'dynamic-import' && !external,
    )
    if (unknown)
      throw new Error(
        `${source} imports ${unknown.path} late: add it to lateImports in lib/functions/bundle.ts`,
      )
  }
}

const filesOf = ({ outputs }: Metafile): readonly BundleFile[] =>
  Object.entries(outputs).map(([path, { inputs }]) => ({
    path: join(projectFolder, path),
    sources: Object.entries(inputs).flatMap(([source, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [source] : [],
    ),
  }))
