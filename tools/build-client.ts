import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

// Creates the SDK's npm package in dist/client. `tsc -p client` must have written the declarations before.

const root = join(import.meta.dirname, '..')
const declarations = join(root, 'dist', 'client-types')
const target = join(root, 'dist', 'client')
const entry = 'client/index'

const { version, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
const manifest = {
  name: 'simple-chat-client',
  version,
  description: 'The client of Simple Chat: rooms in which no message is lost, doubled or out of order.',
  keywords: ['chat', 'websocket', 'client'],
  license,
  type: 'module',
  engines: { node: '>=22' },
  exports: { '.': { types: `./types/${entry}.d.ts`, default: './index.js' } },
  files: ['index.js', 'index.js.map', 'types'],
  sideEffects: false,
}

/** Bundles the SDK as one file for browsers and Node. esbuild refuses modules that only Node has. */
const bundle = async (): Promise<void> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${entry}.ts`],
    outfile: join(target, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  })
  const foreign = Object.keys(metafile.inputs).filter((path) => !/^(client|protocol)\//.test(path))
  if (foreign.length > 0)
    throw new Error(`The client's bundle holds more than the client: ${foreign.join(', ')}`)
}

const relativeImport = /((?:from |import\()')(\.[^']+)\.ts(')/g
const packageImport = /(?:from |import\()'(?!\.)([^']+)'/

/** Copies a declaration and those that it refers to. The others are internal and need the schema library. */
const copyDeclaration = async (path: string, copied: Set<string>): Promise<void> => {
  if (copied.has(path)) return
  copied.add(path)
  const text = await readFile(join(declarations, `${path}.d.ts`), 'utf8')
  const foreign = packageImport.exec(text)
  if (foreign) throw new Error(`The declarations of ${path} need the package ${foreign[1]}`)
  const file = join(target, 'types', `${path}.d.ts`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text.replace(relativeImport, '$1$2.js$3'))
  for (const [, , imported = ''] of text.matchAll(relativeImport)) {
    await copyDeclaration(posix.join(posix.dirname(path), imported), copied)
  }
}

await rm(target, { recursive: true, force: true })
await mkdir(target, { recursive: true })
await Promise.all([
  bundle(),
  copyDeclaration(entry, new Set()),
  writeFile(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`),
  copyFile(join(root, 'LICENSE'), join(target, 'LICENSE')),
  copyFile(join(root, 'client', 'README.md'), join(target, 'README.md')),
])
const script = await readFile(join(target, 'index.js'))
process.stdout.write(
  `dist/client: ${manifest.name} ${version}, ${script.length} bytes of JavaScript, ${gzipSync(script).length} with gzip\n`,
)
