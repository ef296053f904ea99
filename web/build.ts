import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const source = import.meta.dirname
const target = join(source, '..', 'dist', 'web')
const copied = ['index.html', 'style.css', 'icon.svg']

await mkdir(target, { recursive: true })
const [{ metafile }] = await Promise.all([
  build({
    entryPoints: [join(source, 'main.ts')],
    outfile: join(target, 'main.js'),
    bundle: true,
    format: 'esm',
    target: 'es2023',
    minify: true,
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  }),
  ...copied.map((file) => copyFile(join(source, file), join(target, file))),
])

// The page uses the SDK and no npm package: an import of a schema would add the schema library.
const foreign = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))
if (foreign.length > 0) throw new Error(`The page's bundle holds packages: ${foreign.join(', ')}`)
