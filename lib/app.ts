import { App } from 'aws-cdk-lib'
import { SettingsError } from '../adapters/settings/read-settings.ts'
import { bundleFunctions } from './functions/bundle.ts'
import { readStackSettings } from './settings/settings.ts'
import { summaryOf } from './settings/summary.ts'
import { SimpleChatStack } from './simple-chat-stack.ts'

// The CDK app: reads the settings, bundles the functions, and creates the stack of one deployment.

try {
  const app = new App()
  const settings = readStackSettings(app.node.getAllContext(), process.env)
  console.error(summaryOf(settings))
  new SimpleChatStack(app, `SimpleChat-${settings.stageName}`, { settings, bundles: await bundleFunctions() })
  app.synth()
} catch (error) {
  if (!(error instanceof SettingsError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
