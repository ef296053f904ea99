import { rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type OnResolveArgs, type PluginBuild } from 'esbuild'
import { type FunctionName, functionNames } from '../../lambdas/routes.ts'

/** A file of a bundle: a script that Node loads, or its source map. */
export type BundleFile = {
  readonly path: string
  /** Paths of its sources, relative to the project's folder. Empty for a map. */
  readonly sources: readonly string[]
}

/** A function as it is deployed: a folder whose `index.js` exports `handler`. */
export type Bundle = { readonly folder: string; readonly files: readonly BundleFile[] }

/** Bundles of all functions. */
export type Bundles = Readonly<Record<FunctionName, Bundle>>

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Folder of the bundles that CDK deploys. */
export const bundlesFolder = join(projectFolder, 'dist/lambdas')

/** Files to create below the folder of all bundles, such as `connect/index`, with their sources. */
type Entries = readonly (readonly [name: string, source: string])[]

/**
 * Bundles every function into a folder of its own below `folder`, which is emptied first.
 *
 * Each bundle is one minified CommonJS file made from ES modules, the form that starts fastest (docs/performance.md).
 * A module that a function imports late becomes a separate file: in the same file it would be compiled at each start.
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
  // Without this file, the project's own package.json would make Node load the bundles as ES modules.
  for (const [, bundled] of bundles)
    await writeFile(join(bundled.folder, 'package.json'), '{"type":"commonjs"}')
  return Object.fromEntries(bundles) as Record<FunctionName, Bundle>
}

const bundleOf = (folder: string, files: readonly BundleFile[]): Bundle => ({
  folder,
  files: files.filter(({ path }) => path.startsWith(`${folder}${sep}`)),
})

/** Bundles all entries in one run, so that shared sources are read once. */
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
    plugins: [{ name: 'late', setup: (plugin) => splitLateImports(plugin, late) }],
  })
  return metafile
}

/** Paths of late imports. The filter keeps esbuild from calling the plugin for each of thousands of imports. */
const lateImports = /^@aws-sdk\/client-|^@smithy\/core\/event-streams$|^bowser$|\/secret-source\.ts$/

/** Turns each late import into an import of a separate file, and records its name and source in `late`. */
const splitLateImports = (plugin: PluginBuild, late: Map<string, string>): void => {
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

/** Marks requests that the plugin makes itself. */
const resolving = Symbol('resolving')

const fileNameOf = (source: string): string =>
  `${source
    .replace(/^.*node_modules\//, '')
    .replace(projectFolder, '')
    .replace(/\.[a-z]+$/, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')}.js`

/** Lists late imports that remain in the output; most are in code that esbuild removed as unused. */
const lateEntries = (folder: string, { outputs }: Metafile, late: ReadonlyMap<string, string>): Entries =>
  Object.entries(outputs).flatMap(([output, { imports }]) => {
    const beside = dirname(relative(folder, join(projectFolder, output)))
    return imports.flatMap(({ path }) => {
      const source = late.get(path)
      return source === undefined ? [] : [[join(beside, path.replace(/\.js$/, '')), source] as const]
    })
  })

/** Rejects a late import that `lateImports` misses: it would be bundled and slow down each start. */
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
