import { expect, it } from 'vitest'
import { makeTokenVerifier } from '../../memory/token-verifier.ts'
import { identityOf } from '../../support/builders.ts'

const ada = identityOf({ userId: 'ada' })
const verify = makeTokenVerifier(new Map([['good', ada]]))

it('tells whom a token speaks for that it was given', async () => {
  expect(await verify('good')).toEqual(ada)
})

it.each(['bad', '', 'Good', 'constructor'])('refuses %j', async (token) => {
  await expect(verify(token)).rejects.toMatchObject({ name: 'ChatError', code: 'unauthorized' })
})
