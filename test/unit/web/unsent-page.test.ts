import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, launchBrowser } from '../../support/client/browser.ts'
import { buildScriptedPage } from '../../support/client/scripted-page.ts'
import { until } from '../../support/client/test-client.ts'
import { eventually } from '../../support/eventually.ts'
import { needs } from '../../support/requirements.ts'

const screenshots = 'coverage/screenshots'

describe('the page, while the server is silent', needs('Chromium', hasBrowser()), () => {
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
    await enter(opened.page, 'Ada')
    return opened
  }
  const enter = async (page: Page, user: string) => {
    await page.getByTestId('user-input').fill(user)
    await page.getByTestId('join-button').click()
    await badge(page, 'Online')
  }
  /** Loads the page again, whatever it asks, and comes back in. */
  const reload = async (page: Page, user = 'Ada') => {
    page.once('dialog', (dialog) => dialog.accept())
    await page.reload()
    page.removeAllListeners('dialog')
    await enter(page, user)
  }
  const contentsAre = (page: Page, contents: readonly string[]) =>
    eventually(async () => {
      const shown = await page.getByTestId('message-content').allTextContents()
      return shown.join('|') === contents.join('|')
    }, `the page to show ${contents.length} messages`)
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

  it('sends what was on its way when it was loaded again, each message once', async () => {
    const { page, server } = await openChat()
    server.script('sendMessage', (frame) => {
      server.room('general').receive('Ada', undefined, frame)
    })
    await say(page, 'Stored, and nobody knows')
    await say(page, 'Never sent')
    await until(() => expect(server.room('general').head()).toBe(1))
    await say(page, 'Neither')
    server.plain()
    await reload(page)
    await contentsAre(page, ['Stored, and nobody knows', 'Never sent', 'Neither'])
    await page.locator('.message[data-state="sent"]').nth(2).waitFor()
    const stored = server.room('general').messages()
    expect(stored.map(({ content }) => content)).toEqual([
      'Stored, and nobody knows',
      'Never sent',
      'Neither',
    ])
    await reload(page)
    await contentsAre(page, ['Stored, and nobody knows', 'Never sent', 'Neither'])
    expect(server.room('general').head()).toBe(3)
  })

  it('shows what it sent before it was loaded in its place alone, however far up that is', async () => {
    const { page, server } = await openChat()
    server.script('sendMessage', (frame) => {
      server.room('general').receive('Ada', undefined, frame)
    })
    await say(page, 'Stored, and nobody knows')
    await until(() => expect(server.room('general').head()).toBe(1))
    for (let seq = 2; seq <= 60; seq++) server.room('general').append('Bob', `message ${seq}`)
    server.plain()
    // What is older than the page stays out of sight.
    server.script('getHistory', () => undefined)
    await reload(page)
    await until(() => expect(server.received('sendMessage')).toHaveLength(2))
    await contentsAre(
      page,
      Array.from({ length: 50 }, (_, index) => `message ${index + 11}`),
    )
    expect(server.room('general').head()).toBe(60)
  })

  it('keeps what is unsent for whoever wrote it, and not after Leave', async () => {
    const { page, server } = await openChat()
    server.script('sendMessage', () => undefined)
    await say(page, 'Only mine')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    await reload(page, 'Bob')
    await say(page, 'Hello')
    await until(() => expect(server.received('sendMessage')).toHaveLength(2))
    expect(await page.getByTestId('message-content').allTextContents()).toEqual(['Hello'])
    await reload(page, 'Ada')
    await contentsAre(page, ['Only mine'])
    page.on('dialog', (dialog) => dialog.accept())
    await page.getByTestId('leave-button').click()
    await enter(page, 'Ada')
    server.plain()
    await say(page, 'Anew')
    await page.locator('.message[data-state="sent"]').waitFor()
    await contentsAre(page, ['Anew'])
  })

  it('keeps what is unsent for another time when its room is refused, and says why', async () => {
    const { page, server } = await openChat()
    server.script('sendMessage', () => undefined)
    await say(page, 'Not lost')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    const refusal = { type: 'error', code: 'forbidden', status: 403, temporary: false }
    server.script('joinRoom', ({ id }, connection) =>
      connection.send({ ...refusal, id, message: 'Members only.' }),
    )
    page.once('dialog', (dialog) => dialog.accept())
    await page.reload()
    await page.getByTestId('join-button').click()
    await page.getByTestId('start-problem').filter({ hasText: 'Members only.' }).waitFor()
    server.plain()
    await enter(page, 'Ada')
    await contentsAre(page, ['Not lost'])
    await page.locator('.message[data-state="sent"]').waitFor()
    expect(server.room('general').head()).toBe(1)
  })

  it('keeps nothing of what was given up by Leave, even before its room has answered', async () => {
    const { page, server } = await openChat()
    server.script('sendMessage', () => undefined)
    await say(page, 'Given up')
    await until(() => expect(server.received('sendMessage')).toHaveLength(1))
    server.script('joinRoom', () => undefined)
    await reload(page)
    await contentsAre(page, ['Given up'])
    page.on('dialog', (dialog) => dialog.accept())
    await page.getByTestId('leave-button').click()
    await page.getByTestId('start-form').waitFor()
    server.plain()
    await enter(page, 'Ada')
    await say(page, 'Anew')
    await page.locator('.message[data-state="sent"]').waitFor()
    await contentsAre(page, ['Anew'])
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
