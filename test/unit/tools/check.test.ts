import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Outcome, runScripts } from '../../../tools/check/run-scripts.ts'

it('scripts run at the same time; each one is reported with its output, and one that fails has failed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'check-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const scripts = { good: 'echo fine', bad: 'echo broken >&2 && exit 3' }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts }))
  const reported: Outcome[] = []

  const outcomes = await runScripts(['good', 'bad', 'missing'], folder, (outcome) => reported.push(outcome))

  expect(outcomes).toMatchObject([
    { script: 'good', passed: true, output: expect.stringContaining('fine') },
    { script: 'bad', passed: false, output: expect.stringContaining('broken') },
    { script: 'missing', passed: false },
  ])
  expect(reported).toHaveLength(3)
})
