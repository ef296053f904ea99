/** Gets a secret's text by its ARN or name, anew at each call, since secrets are rotated. */
export type SecretSource = (secretId: string) => Promise<string>

/** The SDK is loaded with the first secret, so that a function that may never need one starts without it. */
const loadClient = async () => {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager')
  const client = new SecretsManagerClient({ maxAttempts: 3 })
  return (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }))
}

/** @throws whatever the SDK throws; Error for a secret that is no text */
export const makeSecretSource = (): SecretSource => {
  let loading: ReturnType<typeof loadClient> | undefined
  return async (secretId) => {
    loading ??= loadClient()
    const getSecret = await loading
    const { SecretString } = await getSecret(secretId)
    if (SecretString === undefined) throw new Error(`The secret ${secretId} holds no text`)
    return SecretString
  }
}
