import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { limitNames } from '../../adapters/settings/limits.ts'
import { settingNames } from '../../lib/settings/schemas.ts'

it('the workflow that deploys hands on every setting there is for AWS', async () => {
  const workflow = await readFile('.github/workflows/deploy.yml', 'utf8')
  const notForAws = ['TARGET', 'RABBITMQ_URL', 'AUTH_SECRET']
  const missing = [...settingNames, ...limitNames].filter(
    (name) => !notForAws.includes(name) && !workflow.includes(`${name}: \${{ vars.${name} }}`),
  )
  expect(missing).toEqual([])
})
