import { environment } from './environment.ts'

// Stands in for @aws-sdk/credential-provider-node when the functions are bundled. Lambda puts a function's credentials
// into its environment, for its whole life; the chain of the SDK, which looks for them in seven other places, is a
// third of a bundle, and what is loaded late of it keeps the rest from being joined into one piece.

type Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** As the SDK asks for it. Rejects with an error of the name that the SDK gives, which adapters take for a passing one. */
export const defaultProvider = () => async (): Promise<Credentials> => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment
  if (!accessKeyId || !secretAccessKey) {
    throw Object.assign(new Error('There are no credentials in the environment'), {
      name: 'CredentialsProviderError',
    })
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
}
