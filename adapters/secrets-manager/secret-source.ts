import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** Fetches the text of a secret by its ARN or name, at each call. Callers may keep it longer than a rotation. */
export type SecretSource = (secretId: string) => Promise<string>

/** Creates a source on the AWS SDK. It throws errors of the SDK, and Error for a binary secret. */
export const makeSecretSource = (): SecretSource => {
  const client = new SecretsManagerClient({ maxAttempts: 3 })
  return async (SecretId) => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }))
    if (SecretString === undefined) throw new Error(`The secret ${SecretId} is binary. Store it as text.`)
    return SecretString
  }
}
