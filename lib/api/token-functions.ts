import type { ChatFunction } from '../functions/chat-function.ts'
import type { Deployment } from '../functions/deployment.ts'

/** What a function has in its environment that verifies tokens. */
export const tokenVariables = ({ settings }: Deployment): Readonly<Record<string, string>> =>
  settings.authentication.variables

/** Lets a function verify tokens: only those that are signed with a shared secret take a permission. */
export const allowTokens = (chatFunction: ChatFunction, { settings }: Deployment): void => {
  const { secretArn } = settings.authentication
  if (secretArn !== undefined) chatFunction.allow(['secretsmanager:GetSecretValue'], [secretArn])
}
