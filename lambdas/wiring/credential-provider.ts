import { environment } from './environment.ts'

// Replaces @aws-sdk/credential-provider-node in bundles. Lambda puts a function's credentials into its environment for
// its whole life. The SDK's chain looks in seven other places and would make up a third of a bundle. Its late imports would
// also keep esbuild from joining the rest into one file.

type Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Creates the provider that the SDK expects. It rejects with the SDK's error name, which adapters treat as temporary. */
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
