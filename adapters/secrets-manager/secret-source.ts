import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** Gets a secret's text by its ARN or name, anew at each call, since secrets are rotated. */
export type SecretSource = (secretId: string) => Promise<string>

/** @throws whatever the SDK throws; Error for a secret that is no text */
export const makeSecretSource = (): SecretSource => {
  const client = new SecretsManagerClient({ maxAttempts: 3 })
  return async (SecretId) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }))
    if (SecretString === undefined) throw new Error(`The secret ${SecretId} holds no text`)
    return SecretString
  }
}
