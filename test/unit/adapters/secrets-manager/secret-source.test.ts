import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeSecretSource } from '../../../../adapters/secrets-manager/secret-source.ts'

const secrets = mockClient(SecretsManagerClient)

describe('the secret source', () => {
  beforeEach(() => secrets.reset())

  it('reads a secret anew each time, because it may have been rotated', async () => {
    secrets.on(GetSecretValueCommand).resolvesOnce({ SecretString: 'old' }).resolves({ SecretString: 'new' })
    const secretOf = makeSecretSource()
    expect([await secretOf('arn'), await secretOf('arn')]).toEqual(['old', 'new'])
    expect(secrets.commandCalls(GetSecretValueCommand, { SecretId: 'arn' })).toHaveLength(2)
  })

  it('says which secret holds no text', async () => {
    secrets.on(GetSecretValueCommand).resolves({})
    await expect(makeSecretSource()('arn:of-bytes')).rejects.toThrow('arn:of-bytes')
  })
})
