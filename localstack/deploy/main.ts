import { SettingsError } from '../../adapters/settings/read-settings.ts'
import { DeployError, deploy, localSocketUrl } from './deploy.ts'

try {
  const { socketUrl, secret } = await deploy(process.env)
  const url = localSocketUrl(socketUrl)
  console.log(`\nSimple Chat runs at ${url}\nTest the deployment:\n`)
  console.log(
    `    ${secret === undefined ? 'CHAT_TOKEN=…' : `AUTH_SECRET=${secret}`} npm run smoke -- ${url}`,
  )
} catch (error) {
  console.error(error instanceof DeployError || error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
}
