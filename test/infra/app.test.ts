import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'

const run = promisify(execFile)

/** As `cdk` runs it, which says where to write, and what context it was given. */
const runApp = async (context: Record<string, string>) => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-app-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const env = {
    PATH: process.env.PATH,
    CDK_OUTDIR: folder,
    CDK_CONTEXT_JSON: JSON.stringify(context),
    // CDK's own look at the template, which takes longest, is taken for all tests at once.
    CDK_VALIDATION: 'false',
  }
  return { folder, ...(await run(process.execPath, ['lib/app.ts'], { env })) }
}

describe('the CDK app', () => {
  it('says in one line what is missing', async () => {
    await expect(runApp({})).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Bad settings: AUTH_MODE is missing: .*\n$/),
    })
  })

  it('makes the stack of a deployment from nothing but its settings', async () => {
    const { folder } = await runApp({
      stageName: 'green',
      authMode: 'issuer',
      authIssuer: 'https://id.example.org',
      authAudience: 'chat',
    })
    expect(await readdir(folder)).toContain('SimpleChat-green.template.json')
  })
})
