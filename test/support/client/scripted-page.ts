import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { type ScriptedServer, startScriptedServer } from '../servers/scripted-server.ts'

const web = join(import.meta.dirname, '../../../web')

export type ScriptedPage = { readonly page: Page; readonly server: ScriptedServer }

/** Bundles the page's script; what it returns opens the page, as a scripted server's own, in a window of the test's. */
export const buildScriptedPage = async (): Promise<
  (browser: Browser, prepare?: (parts: ScriptedPage) => unknown) => Promise<ScriptedPage>
> => {
  const entryPoints = [join(web, 'main.ts')]
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', write: false })
  const script = outputFiles[0]?.text ?? ''
  return async (browser, prepare) => {
    const server = await startScriptedServer()
    onTestFinished(() => server.stop())
    // Routed as it is, the page counts as no neighbour of the server.
    const page = await browser.newPage({ permissions: ['local-network-access'] })
    onTestFinished(() => page.close())
    const address = server.url.replace('ws:', 'http:')
    const serve = (file: string, contentType: string, read: () => string | Promise<string>) =>
      page.route(
        ({ origin, pathname }) => `${origin}${pathname}` === `${address}${file}`,
        async (route) => route.fulfill({ contentType, body: await read() }),
      )
    await serve('', 'text/html', () => readFile(join(web, 'index.html'), 'utf8'))
    await serve('style.css', 'text/css', () => readFile(join(web, 'style.css'), 'utf8'))
    await serve('main.js', 'text/javascript', () => script)
    await prepare?.({ page, server })
    await page.goto(address)
    return { page, server }
  }
}
