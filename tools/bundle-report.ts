import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type FunctionName, functionNames } from '../lambdas/routes.ts'
import { type Bundle, bundleFunctions, bundlesFolder } from '../lib/functions/bundle.ts'
import { measureStartUp, type StartUp } from './start-up-time.ts'

// `npm run bundle:report`: prints the size of each function and its load time, beside that of an empty function. Times
// depend on the machine; compare the differences.

const rounds = 15
/** Maximum load time above an empty function, in ms, for the first user of the day (our choice). */
const mostAboveEmptyMs = 45

/** Environment that suffices for each function to load. */
const environment = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'example',
  AWS_SECRET_ACCESS_KEY: 'example',
  SERVICE_NAME: 'simple-chat-report',
  CONNECTIONS_TABLE: 'connections',
  MESSAGES_TABLE: 'messages',
  RABBITMQ_URL: 'amqps://broker.example.org:5671',
  RABBITMQ_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:broker-AbCdEf',
  LANES: '4',
  BULK_LANES: '2',
  PUBLISH_FUNCTION: 'publish',
  AUTH_MODE: 'issuer',
  AUTH_ISSUER: 'https://id.example.org',
  AUTH_AUDIENCE: 'chat',
}

const bundles = await bundleFunctions()
const empty = await emptyFunction()
const fileOf = (name: FunctionName): string => join(bundles[name].folder, 'index.js')
const times = measureStartUp([empty, ...functionNames.map(fileOf)], environment, rounds)
const ofEmpty = timeOf(times, empty)

const load = loadavg()[0]?.toFixed(1)
process.stdout.write(`Node ${process.version}, ${rounds} cold starts each, load average ${load}\n`)
if (Number(load) > 1) {
  process.stdout.write('The machine is busy with other things: times are longer than they need to be.\n')
}
process.stdout.write(
  'raw, gzip: what is loaded at start · late: what may be loaded later, beside it · ms until loaded\n\n',
)
process.stdout.write(`${row('', 'raw', 'gzip', 'late', 'median', 'min', 'above empty')}\n`)
process.stdout.write(`${row('empty', '', '', '', ms(ofEmpty.median), ms(ofEmpty.min), '')}\n`)
for (const name of functionNames) {
  const code = await readFile(fileOf(name))
  const { median, min } = timeOf(times, fileOf(name))
  const above = median - ofEmpty.median
  const sizes = [code.length, gzipSync(code).length, await lateBytes(bundles[name])].map(kB)
  const remark = above > mostAboveEmptyMs ? `  more than ${mostAboveEmptyMs} ms` : ''
  process.stdout.write(`${row(name, ...sizes, ms(median), ms(min), ms(above))}${remark}\n`)
}

async function emptyFunction(): Promise<string> {
  const folder = join(bundlesFolder, 'empty')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}')
  await writeFile(join(folder, 'index.js'), 'exports.handler=async()=>{}')
  return join(folder, 'index.js')
}

/** Sums the sizes of files that a function may load later. */
async function lateBytes({ files }: Bundle): Promise<number> {
  const late = files.filter(({ path }) => path.endsWith('.js') && basename(path) !== 'index.js')
  const sizes = await Promise.all(late.map(async ({ path }) => (await readFile(path)).length))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function timeOf(measured: ReadonlyMap<string, StartUp>, file: string): StartUp {
  const time = measured.get(file)
  if (!time) throw new Error(`${file} was not measured`)
  return time
}

function row(name: string, ...cells: readonly string[]): string {
  return [name.padEnd(17), ...cells.map((cell) => cell.padStart(13))].join('')
}

function kB(bytes: number): string {
  return bytes === 0 ? '' : `${(bytes / 1000).toFixed(0)} kB`
}

function ms(time: number): string {
  return `${time.toFixed(1)} ms`
}
