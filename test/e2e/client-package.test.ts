import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasBrowser, launchBrowser } from '../support/client/browser.ts'
import { startTestChat } from '../support/gateway/test-chat.ts'
import { needs } from '../support/requirements.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** What somebody writes who has the package and nothing else: every word of it has to have its type. */
const consumer = `
import {
  ChatClientError,
  defaultTimings,
  makeChatClient,
  makeMessageId,
  type ChatClient,
  type ChatClientEvents,
  type ChatClientOptions,
  type ChatMessage,
  type ConnectionState,
  type RoomPage,
  type Sent,
  type Timings,
  type UnsentMessage,
} from 'simple-chat-client'

export const converse = async (url: string): Promise<string> => {
  const timings: Partial<Timings> = { quietMs: defaultTimings.quietMs }
  const client: ChatClient = makeChatClient({ url, userId: 'ada', timings })
  const states: ConnectionState['status'][] = []
  client.on('state', ({ status }) => states.push(status))
  const arrived = new Promise<ChatMessage>((resolve) => {
    client.on('message', ({ message }) => resolve(message))
  })
  const onReset = ({ recovered, since, messages }: ChatClientEvents['reset']) => {
    const never: false = recovered
    return [never, since.epoch, since.seq, messages.length]
  }
  client.on('reset', onReset)
  client.on('disconnect', ({ code }) => code === 4409)
  const { userId, limits } = await client.connect()
  const page: RoomPage = await client.joinRoom('general', { limit: 10 })
  const clientMessageId = makeMessageId()
  const sending = client.send('general', 'hello from the package', { clientMessageId, attributes: { lang: 'en' } })
  const [unsent]: readonly UnsentMessage[] = client.unsent('general')
  const [sent, message]: [Sent, ChatMessage] = await Promise.all([sending, arrived])
  const again = await client.send('general', message.content, { ...unsent })
  const { more } = await client.history('general', { before: sent.seq })
  client.close()
  const refusal = await client.send('general', 'too late').catch((error: unknown) => error)
  return JSON.stringify({
    userId,
    contentBytes: limits.contentBytes,
    messages: page.messages.length,
    states,
    seqs: [sent.seq, message.seq, again.seq],
    sameId: message.clientMessageId === clientMessageId,
    more,
    refused: refusal instanceof ChatClientError && refusal.code,
  })
}

// @ts-expect-error there is no such option
export const mistaken: ChatClientOptions = { url: 'ws://localhost/', user: 'ada' }
export const wrong = (client: ChatClient) => {
  // @ts-expect-error there is no such event
  client.on('nothing', () => undefined)
  // @ts-expect-error content is text
  void client.send('general', 42)
}
`

const main = `
import { converse } from './consumer.ts'
console.log(await converse(process.argv[2]))
`

describe('the package of the client', () => {
  let folder: string
  let files: readonly string[]
  const inProject = (path: string) => join(folder, 'project', path)
  const inPackage = (path: string) => inProject(`node_modules/simple-chat-client/${path}`)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simple-chat-package-'))
    await run('npm', ['run', 'build:client'], { cwd: root })
    const packed = await run('npm', [
      'pack',
      join(root, 'dist', 'client'),
      '--json',
      '--pack-destination',
      folder,
    ])
    const [{ filename, files: listed }] = JSON.parse(packed.stdout)
    files = listed.map(({ path }: { readonly path: string }) => path).sort()
    await mkdir(inProject('.'))
    await writeFile(inProject('package.json'), '{ "name": "bare", "private": true, "type": "module" }')
    await writeFile(inProject('consumer.ts'), consumer)
    await writeFile(inProject('main.ts'), main)
    const install = ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)]
    await run('npm', install, { cwd: inProject('.') })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const compile = async (options: object): Promise<string> => {
    const compilerOptions = { strict: true, noEmit: true, target: 'es2022', types: [], ...options }
    await writeFile(inProject('tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    const tsc = join(root, 'node_modules', '.bin', 'tsc')
    const { stdout } = await run(tsc, ['-p', '.'], { cwd: inProject('.') }).catch((failure) => failure)
    return stdout
  }

  it('holds the script, its declarations and what one should read, and nothing else', async () => {
    expect(files.filter((path) => !path.startsWith('types/'))).toEqual([
      'LICENSE',
      'README.md',
      'index.js',
      'index.js.map',
      'package.json',
    ])
    expect(files.filter((path) => path.startsWith('types/') && !path.endsWith('.d.ts'))).toEqual([])
  })

  it('needs no other package, and nothing that only Node has', async () => {
    const manifest = JSON.parse(await readFile(inPackage('package.json'), 'utf8'))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({ name: 'simple-chat-client', version, license: 'MIT', type: 'module' })
    for (const key of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts']) {
      expect(manifest).not.toHaveProperty(key)
    }
    const script = await readFile(inPackage('index.js'), 'utf8')
    expect(script).not.toMatch(/^\s*import\b|\bimport\(|\brequire\(|["']node:/m)
    const texts = await Promise.all(
      files.filter((path) => path.endsWith('.d.ts')).map((path) => readFile(inPackage(path), 'utf8')),
    )
    expect(texts.join('\n')).not.toMatch(/valibot|\.ts'|from '[^.]/)
  })

  it.each([
    ['a Node project', { module: 'nodenext', lib: ['es2022'], types: ['node'] }],
    ['a bundler', { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'] }],
    ['a browser project of nodenext', { module: 'nodenext', lib: ['es2022', 'dom'] }],
    ['the strictest', { module: 'nodenext', lib: ['es2022', 'dom'], exactOptionalPropertyTypes: true }],
  ])('has types for %s, without the schema library', async (_name, options) => {
    const typeRoots = [join(root, 'node_modules', '@types')]
    expect(await compile({ ...options, typeRoots })).toBe('')
  })

  it('connects, joins, sends, and gets its message, on Node alone', async () => {
    const { url } = await startTestChat()
    const { stdout } = await run(process.execPath, ['main.ts', url.replace('http', 'ws')], {
      cwd: inProject('.'),
    })
    expect(JSON.parse(stdout)).toEqual({
      userId: 'ada',
      contentBytes: 8192,
      messages: 0,
      states: ['connecting', 'open', 'closed'],
      seqs: [1, 1, 1],
      sameId: true,
      more: false,
      refused: 'closed',
    })
  })

  it('does so in a browser, as it is', needs('Chromium', hasBrowser()), async () => {
    const { url } = await startTestChat()
    const browser = await launchBrowser()
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    await page.route('**/simple-chat-client.js', (route) => route.fulfill({ path: inPackage('index.js') }))
    await page.goto(`${url}/health`)
    const received = await page.evaluate(`(async () => {
      const { makeChatClient } = await import('/simple-chat-client.js')
      const client = makeChatClient({ url: location.origin.replace('http', 'ws'), userId: 'ada' })
      const arrived = new Promise((resolve) => client.on('message', ({ message }) => resolve(message)))
      await Promise.all([client.connect(), client.joinRoom('general')])
      await client.send('general', 'hello from a browser')
      return arrived
    })()`)
    expect(received).toMatchObject({ seq: 1, content: 'hello from a browser', sender: { userId: 'ada' } })
  })
})
