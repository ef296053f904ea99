import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, launchBrowser } from '../../support/browser.ts'
import { buildScriptedPage } from '../../support/scripted-page.ts'
import { until } from '../client/test-client.ts'

const screenshots = 'coverage/screenshots'

describe.runIf(hasBrowser())('the page, while the server is silent', () => {
  let browser: Browser
  let open: Awaited<ReturnType<typeof buildScriptedPage>>
  beforeAll(async () => {
    await mkdir(screenshots, { recursive: true })
    browser = await launchBrowser()
    open = await buildScriptedPage()
  })
  afterAll(() => browser.close())

  /** The page, in a room, on a clock that the test may move. */
  const openChat = async () => {
    const opened = await open(browser, ({ page }) => page.clock.install())
    await opened.page.getByTestId('user-input').fill('Ada')
    await opened.page.getByTestId('join-button').click()
    await badge(opened.page, 'Online')
    return opened
  }
  const badge = (page: Page, text: string) =>
    page.getByTestId('connection-state').filter({ hasText: text }).waitFor()
  const say = async (page: Page, text: string) => {
    await page.getByTestId('composer-input').fill(text)
    await page.getByTestId('composer-input').press('Enter')
  }

  it('asks before a message that is on its way is lost to Leave, and to closing the window', async () => {
    const { page, server } = await openChat()
    server.script('sendMessage', () => undefined)
    await say(page, 'Do not lose me')
    const asked: string[] = []
    page.on('dialog', async (dialog) => {
      asked.push(`${dialog.type()} ${dialog.message()}`)
      await dialog.dismiss()
    })
    await page.getByTestId('leave-button').click()
    expect(asked).toEqual(['confirm One message is not sent yet and may be lost. Leave anyway?'])
    expect(await page.getByTestId('message-content').allTextContents()).toEqual(['Do not lose me'])
    await page.evaluate(() => location.reload())
    await until(() => expect(asked.at(-1)).toMatch(/^beforeunload/))
    expect(await page.getByTestId('message-content').allTextContents()).toEqual(['Do not lose me'])
  })

  it('asks nothing when all is sent', async () => {
    const { page } = await openChat()
    await say(page, 'Sent')
    await page.locator('.message[data-state="sent"]').waitFor()
    const asked: string[] = []
    page.on('dialog', (dialog) => asked.push(dialog.type()))
    await page.reload()
    await page.getByTestId('join-button').click()
    await badge(page, 'Online')
    await page.getByTestId('leave-button').click()
    await page.getByTestId('start-form').waitFor()
    expect(asked).toEqual([])
  })

  it('says that it waits for the server, until that has answered', async () => {
    const { page, server } = await openChat()
    const waiting: (() => void)[] = []
    server.script('sendMessage', (_frame, _connection, proceed) => waiting.push(proceed))
    await say(page, 'Anyone?')
    await page.clock.fastForward(6000)
    await badge(page, 'Waiting for the server')
    await page.screenshot({ path: `${screenshots}/waiting.png` })
    for (const proceed of waiting) proceed()
    await badge(page, 'Online')
  })

  it('tells when it tries again, and does so at once when asked', async () => {
    const { page, server } = await openChat()
    await page.clock.pauseAt(Date.now() + 5000)
    server.refuse(502)
    for (const connection of server.connections) connection.drop()
    await badge(page, 'Offline')
    expect(await page.getByTestId('retry-in').textContent()).toBe('Next attempt in 1 s')
    await page.screenshot({ path: `${screenshots}/try-now.png` })
    server.admit()
    await page.getByTestId('retry-now-button').click()
    await badge(page, 'Online')
    expect(await page.getByTestId('retry-now-button').isVisible()).toBe(false)
  })
})
