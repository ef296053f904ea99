import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Chromium, where a Debian or a Chrome of the system has it, or at CHROMIUM_PATH. */
const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)

/** In CI a missing browser is an error; on a developer's machine its tests are left out. */
export const hasBrowser = (): boolean => executablePath !== undefined || Boolean(process.env.CI)

export const launchBrowser = (): Promise<Browser> => {
  if (executablePath === undefined) throw new Error('There is no Chromium. Install it, or set CHROMIUM_PATH.')
  return chromium.launch({
    executablePath,
    args: [
      // Chromium's sandbox refuses root, which is who a CI container runs as.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
