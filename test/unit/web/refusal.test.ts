import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, launchBrowser } from '../../support/client/browser.ts'
import { buildScriptedPage } from '../../support/client/scripted-page.ts'
import { needs } from '../../support/requirements.ts'

describe('the page, refused', needs('Chromium', hasBrowser()), () => {
  let browser: Browser
  let open: Awaited<ReturnType<typeof buildScriptedPage>>
  beforeAll(async () => {
    browser = await launchBrowser()
    open = await buildScriptedPage()
  })
  afterAll(() => browser.close())

  /** The page, of a server that refuses whoever comes. */
  const openPage = async (status: number, message: string): Promise<Page> => {
    const { page, server } = await open(browser)
    server.refuse(status, message)
    await page.getByTestId('user-input').fill('Ada')
    return page
  }
  const submit = async (page: Page): Promise<string | null> => {
    await page.getByTestId('join-button').click()
    const problem = page.getByTestId('start-problem')
    await problem.waitFor()
    return problem.textContent()
  }
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.id)

  it('asks somebody without a token for one, with the field open and ready', async () => {
    const page = await openPage(401, 'There is no token. Offer the subprotocol token.<jwt>.')
    expect(await page.getByTestId('token-input').isVisible()).toBe(false)
    expect(await submit(page)).toBe('This chat needs a token. Paste yours below.')
    expect(await page.getByTestId('token-input').isVisible()).toBe(true)
    expect(await focused(page)).toBe('token')
  })

  it('says that a token is not valid, and lets another one take its place', async () => {
    const page = await openPage(401, 'The token has expired. Get a new one.')
    await page.getByText('Use a token').click()
    await page.getByTestId('token-input').fill('an.old.token')
    expect(await submit(page)).toBe(
      'Your token is invalid or has expired. The token has expired. Get a new one.',
    )
    expect(await focused(page)).toBe('token')
    await page.keyboard.type('a.new.token')
    expect(await page.getByTestId('token-input').inputValue()).toBe('a.new.token')
  })

  it('passes on what the server says of anything else', async () => {
    const page = await openPage(403, 'Pages of this origin may not connect.')
    expect(await submit(page)).toContain('Pages of this origin may not connect.')
    expect(await page.getByTestId('token-input').isVisible()).toBe(false)
  })
})
