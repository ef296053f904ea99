import { SettingsError } from '../../adapters/settings/settings.ts'
import { deploy } from './deploy.ts'
import { DeployError } from './deploy-error.ts'
import { localSocketUrl } from './socket-url.ts'

try {
  const { socketUrl, secret } = await deploy(process.env)
  const url = localSocketUrl(socketUrl)
  console.log(`\nSimple Chat is at ${url}\nSee whether it works:\n`)
  console.log(
    `    ${secret === undefined ? 'CHAT_TOKEN=…' : `AUTH_SECRET=${secret}`} npm run smoke -- ${url}`,
  )
} catch (error) {
  console.error(error instanceof DeployError || error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
}
