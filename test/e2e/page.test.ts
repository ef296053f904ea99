import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasBrowser, launchBrowser } from '../support/client/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startTestChat } from '../support/gateway/test-chat.ts'
import { needs } from '../support/requirements.ts'
import { startTcpProxy } from '../support/sockets/tcp-proxy.ts'

const desktop = { width: 1100, height: 720 }
const phone = { width: 390, height: 844 }
const screenshots = 'coverage/screenshots'

describe('the page in a browser', needs('Chromium', hasBrowser()), () => {
  let browser: Browser
  beforeAll(async () => {
    await import('../../web/build.ts')
    await mkdir(screenshots, { recursive: true })
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  /** A window of its own, without what other windows remember; what it logs as an error fails the test. */
  const openWindow = async (
    url: string,
    options: Parameters<Browser['newContext']>[0] = { viewport: desktop },
  ) => {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    onTestFinished(() => context.close())
    await page.goto(url)
    return { page, errors }
  }

  const enter = async (page: Page, user: string, room: string) => {
    await page.getByTestId('user-input').fill(user)
    await page.getByTestId('room-input').fill(room)
    await page.getByTestId('join-button').click()
    await page.getByTestId('composer-input').waitFor()
    await eventually(async () => (await stateOf(page)) === 'online', 'the page to be online')
  }
  const stateOf = (page: Page) => page.getByTestId('connection-state').getAttribute('data-state')
  const say = async (page: Page, text: string) => {
    await page.getByTestId('composer-input').fill(text)
    await page.getByTestId('composer-input').press('Enter')
  }
  const said = (page: Page) => page.getByTestId('message-content').allTextContents()
  const shows = (page: Page, texts: readonly string[]) =>
    eventually(async () => (await said(page)).join('|') === texts.join('|'), `${texts.length} messages`)

  it('lets two windows chat, and shows one that comes later what was said', async () => {
    const { url } = await startTestChat()
    const ada = await openWindow(url)
    const bob = await openWindow(url, { viewport: phone, colorScheme: 'dark' })
    await ada.page.screenshot({ path: `${screenshots}/start.png` })
    await enter(ada.page, 'Ada', 'general')
    await enter(bob.page, 'Bob', 'general')
    await say(ada.page, 'Hello Bob, do you hear me?')
    await shows(bob.page, ['Hello Bob, do you hear me?'])
    await say(bob.page, 'Loud and clear 🙂')
    await say(bob.page, 'a<b> & "c" — <script>alert(1)</script>')
    const all = ['Hello Bob, do you hear me?', 'Loud and clear 🙂', 'a<b> & "c" — <script>alert(1)</script>']
    await Promise.all([shows(ada.page, all), shows(bob.page, all)])
    const cyd = await openWindow(`${url}/?user=Cyd&room=general`)
    await cyd.page.getByTestId('join-button').click()
    await shows(cyd.page, all)
    await ada.page.screenshot({ path: `${screenshots}/desktop.png` })
    await bob.page.screenshot({ path: `${screenshots}/phone-dark.png` })
    expect([...ada.errors, ...bob.errors, ...cyd.errors]).toEqual([])
  })

  it('keeps what is written while the browser is offline, and sends it once when it is back', async () => {
    const { url } = await startTestChat()
    const network = await startTcpProxy(url)
    onTestFinished(network.close)
    const { page } = await openWindow(network.url)
    await enter(page, 'Ada', 'general')
    await say(page, 'before')
    await shows(page, ['before'])
    // Offline mode alone ends no WebSocket that is open, and lets it reconnect in some versions.
    network.cut()
    await page.context().setOffline(true)
    await eventually(async () => (await stateOf(page)) !== 'online', 'the page to notice')
    await say(page, 'while it was away')
    await page.screenshot({ path: `${screenshots}/offline.png` })
    expect(await page.getByTestId('message').last().getAttribute('data-state')).toBe('pending')
    network.restore()
    await page.context().setOffline(false)
    await shows(page, ['before', 'while it was away'])
    await eventually(
      async () => (await page.getByTestId('message').last().getAttribute('data-state')) === 'sent',
      'the ack',
      40_000,
    )
    expect(await said(page)).toEqual(['before', 'while it was away'])
  })

  it('shows a window that was cut off all 200 messages that it missed, and sends once what was written there meanwhile', async () => {
    const { url } = await startTestChat()
    const network = await startTcpProxy(url)
    onTestFinished(network.close)
    const ada = await openWindow(url)
    const bob = await openWindow(network.url, { viewport: phone })
    await enter(ada.page, 'Ada', 'general')
    await enter(bob.page, 'Bob', 'general')
    await say(bob.page, 'here I am')
    await shows(ada.page, ['here I am'])

    network.cut()
    await eventually(async () => (await stateOf(bob.page)) !== 'online', 'the page to notice')
    const written = ['first from the tunnel', 'second from the tunnel']
    for (const text of written) await say(bob.page, text)
    const missed = Array.from({ length: 200 }, (_, index) => `message ${index + 1} of 200`)
    for (const text of missed) await say(ada.page, text)
    await shows(ada.page, ['here I am', ...missed])
    expect(await said(bob.page)).toEqual(['here I am', ...written])
    await bob.page.screenshot({ path: `${screenshots}/cut-off.png` })

    network.restore()
    const all = ['here I am', ...missed, ...written]
    await eventually(async () => (await said(bob.page)).length >= all.length, 'all at bob', 60_000)
    await eventually(async () => (await said(ada.page)).length >= all.length, 'all at ada', 60_000)
    const stillPending = bob.page.locator('[data-testid=message][data-state=pending]')
    await eventually(async () => (await stillPending.count()) === 0, 'the acks')
    expect([await said(ada.page), await said(bob.page)]).toEqual([all, all])
    await bob.page.screenshot({ path: `${screenshots}/back-again.png` })
    expect(ada.errors).toEqual([])
  })

  it('says why it is refused', async () => {
    const env = { AUTH_MODE: 'secret', AUTH_SECRET: 'a secret of at least thirty-two bytes' }
    const { url } = await startTestChat({ env })
    const { page } = await openWindow(url)
    await page.getByTestId('user-input').fill('Ada')
    await page.getByTestId('room-input').fill('general')
    await page.getByTestId('join-button').click()
    await page.getByTestId('start-problem').waitFor()
    await eventually(
      async () => (await page.getByTestId('start-problem').textContent())?.trim() !== '',
      'the reason',
    )
    expect(await page.getByTestId('start-problem').textContent()).toMatch(/token/i)
    await page.screenshot({ path: `${screenshots}/refused.png` })
  })
})
