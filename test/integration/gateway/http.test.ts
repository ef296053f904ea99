import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectTo } from '../../support/gateway/gateway-client.ts'
import { startTestGateway } from '../../support/gateway/test-gateway.ts'

const pageFolder = async () => {
  const parent = await mkdtemp(join(tmpdir(), 'simple-chat-page-'))
  onTestFinished(() => rm(parent, { recursive: true }))
  const folder = join(parent, 'page')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await writeFile(join(parent, 'secret.txt'), 'secret')
  await writeFile(join(folder, 'index.html'), '<h1>chat</h1>')
  await writeFile(join(folder, '.env.txt'), 'secret')
  await writeFile(join(folder, 'key.pem'), 'secret')
  await writeFile(join(folder, 'assets', 'chat.js'), 'export {}')
  await symlink(join(parent, 'secret.txt'), join(folder, 'link.txt'))
  return folder
}

/** As written: fetch would resolve the dots before it asks. */
const getRaw = async (url: string, path: string): Promise<number | undefined> => {
  const { port } = new URL(url)
  const sent = request({ host: '127.0.0.1', port, path }).end()
  const [response] = await once(sent, 'response')
  response.resume()
  return response.statusCode
}

describe('/health', () => {
  test('says ok, with what there is', async () => {
    const checks = async () => [{ name: 'broker', problem: null }]
    const gateway = await startTestGateway({ checks })
    await connectTo(gateway.url)
    const response = await fetch(`${gateway.url}/health`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ok',
      connections: 1,
      invocations: 0,
      checks: { broker: 'ok' },
    })
  })

  test('is 503 and names what is wrong', async () => {
    const checks = async () => [
      { name: 'store', problem: null },
      { name: 'broker', problem: 'no answer from the broker' },
    ]
    const gateway = await startTestGateway({ checks })
    const response = await fetch(`${gateway.url}/health`)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      status: 'failing',
      checks: { store: 'ok', broker: 'no answer from the broker' },
    })
  })

  test('is 503 where the checks themselves fail, without telling the world why', async () => {
    const gateway = await startTestGateway({
      checks: async () => {
        throw new Error('secret')
      },
    })
    const response = await fetch(`${gateway.url}/health`)
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('secret')
    expect(gateway.telemetry.errors).toHaveLength(1)
  })
})

describe('/auth-check', () => {
  test('hands the function an HTTP API event and passes its answer on', async () => {
    const gateway = await startTestGateway({
      handlers: {
        'auth-check': async () => ({
          statusCode: 403,
          headers: { 'X-Reason': 'banned' },
          body: '{"code":"forbidden"}',
        }),
      },
    })
    const response = await fetch(`${gateway.url}/local/auth-check?token=a.b.c&roomId=x&roomId=y`, {
      headers: { Origin: 'http://page.example', 'X-Test': 'yes' },
    })
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({ code: 'forbidden' })
    expect(response.headers.get('x-reason')).toBe('banned')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('access-control-allow-origin')).toBe('http://page.example')
    expect(gateway.invoked['auth-check'][0]).toMatchObject({
      version: '2.0',
      rawPath: '/auth-check',
      headers: { 'x-test': 'yes' },
      queryStringParameters: { token: 'a.b.c', roomId: 'x,y' },
      requestContext: { http: { method: 'GET', path: '/auth-check', sourceIp: '127.0.0.1' } },
    })
  })

  test('a throw is 500, a function that never returns is 503', async () => {
    const failing = await startTestGateway({
      handlers: {
        'auth-check': async () => {
          throw new Error('secret')
        },
      },
    })
    expect((await fetch(`${failing.url}/auth-check`)).status).toBe(500)
    const hanging = await startTestGateway({
      handlers: { 'auth-check': () => new Promise(() => undefined) },
      limits: { integrationTimeoutMs: 30 },
    })
    expect((await fetch(`${hanging.url}/auth-check`)).status).toBe(503)
  })

  test('answers 403 to a page that may not connect, as the upgrade would', async () => {
    const gateway = await startTestGateway({ allowedOrigins: ['http://chat.example'] })
    const response = await fetch(`${gateway.url}/auth-check`, { headers: { Origin: 'http://evil.example' } })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ type: 'error', code: 'forbidden' })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('the page', () => {
  test('is served at /, with headers that keep it to itself', async () => {
    const gateway = await startTestGateway({ staticFolder: await pageFolder() })
    for (const path of ['/', '/index.html', '/local', '/local/']) {
      const response = await fetch(gateway.url + path)
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('<h1>chat</h1>')
    }
    const { headers } = await fetch(gateway.url)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toContain(
      `connect-src 'self' ws://127.0.0.1:${gateway.port} wss://127.0.0.1:${gateway.port}`,
    )
  })

  test('is not sent again to a browser that has it', async () => {
    const gateway = await startTestGateway({ staticFolder: await pageFolder() })
    const first = await fetch(`${gateway.url}/assets/chat.js`)
    expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    const etag = first.headers.get('etag') ?? ''
    const second = await fetch(`${gateway.url}/assets/chat.js`, { headers: { 'If-None-Match': etag } })
    expect(second.status).toBe(304)
  })

  test.each([
    '/nothing.html',
    '/assets',
    '/assets/',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//etc/hostname.txt',
    '/.env.txt',
    '/key.pem',
    '/link.txt',
    '/%00.txt',
    '/%zz.html',
    `/${'x'.repeat(300)}.html`,
  ])('has nothing at %s', async (path) => {
    const gateway = await startTestGateway({ staticFolder: await pageFolder() })
    expect(await getRaw(gateway.url, path)).toBe(404)
    expect(gateway.telemetry.errors).toEqual([])
  })

  test('is read only, and without a folder there is none', async () => {
    const gateway = await startTestGateway({ staticFolder: await pageFolder() })
    expect((await fetch(gateway.url, { method: 'POST', body: 'x' })).status).toBe(405)
    const head = await fetch(gateway.url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '13'])
    const bare = await startTestGateway()
    expect((await fetch(bare.url)).status).toBe(404)
  })
})

describe('starting', () => {
  test('on a port in use fails, names it and says what to do', async () => {
    const gateway = await startTestGateway()
    await expect(startTestGateway({ port: gateway.port })).rejects.toThrow(
      `127.0.0.1:${gateway.port}: the port is in use. End the process that holds it, or choose another port.`,
    )
  })
})
