import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { yamlBlock, yamlKeys, yamlScalars } from '../support/yaml-block.ts'

const folder = '.github/workflows'
const workflows = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(`${folder}/${name}`, 'utf8'),
}))
const usesIn = (text: string) => [...text.matchAll(/^ *(?:- )?uses: *(.+)$/gm)].map(([, uses = '']) => uses)

/** The text of every step that runs something, on one line or several. */
const scriptsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^( +)(- )?run: (?:\|\n((?:\1 .*\n|\n)+)|(.+))/gm)].map(
    ([, , , block, line]) => block ?? line ?? '',
  )
const deploy = workflows.find(({ name }) => name === 'deploy.yml')?.text ?? ''
const allScripts = workflows.flatMap(({ text }) => scriptsIn(text))

it('there are workflows, and they run something', () => {
  expect(workflows.map(({ name }) => name)).toEqual(['ci.yml', 'deploy.yml'])
  expect(allScripts.length).toBeGreaterThan(7)
})

describe.each(workflows)('the workflow $name', ({ name, text }) => {
  const jobs = yamlKeys(yamlBlock(text, 'jobs'))

  it('pins every action to a commit, and says which version that is', () => {
    expect(usesIn(text).length).toBeGreaterThan(0)
    for (const uses of usesIn(text)) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  it('may do nothing but what a job is allowed, and only a deployment may ask for a token', () => {
    expect(text).toContain('\npermissions: {}\n')
    for (const job of jobs) {
      const permissions = yamlScalars(yamlBlock(text, 'jobs', job, 'permissions'))
      const token = name === 'deploy.yml' ? { 'id-token': 'write' } : {}
      expect(permissions).toEqual({ contents: 'read', ...token })
    }
  })

  it('runs once at a time for the same thing, and every job ends some time', () => {
    expect(yamlScalars(yamlBlock(text, 'concurrency')).group).not.toBe('')
    for (const job of jobs) {
      const minutes = Number(yamlScalars(yamlBlock(text, 'jobs', job))['timeout-minutes'])
      expect(minutes).toBeGreaterThan(0)
      expect(minutes).toBeLessThanOrEqual(90)
    }
  })

  it('fails where any part of a pipe fails', () => {
    expect(yamlScalars(yamlBlock(text, 'defaults', 'run')).shell).toBe('bash')
  })

  it('leaves no credentials behind after a checkout', () => {
    const checkouts = text.split('uses: actions/checkout@').slice(1)
    for (const rest of checkouts) {
      expect(rest.split('\n').slice(1, 3).join()).toMatch(/with:, +persist-credentials: false/)
    }
  })

  it('puts no expression into a script: what comes from outside goes through the environment', () => {
    for (const script of scriptsIn(text)) expect(script).not.toContain('${{')
  })
})

it('an action has the same version everywhere', () => {
  const versions = new Map<string, Set<string>>()
  for (const uses of workflows.flatMap(({ text }) => usesIn(text))) {
    const [action = '', version = ''] = uses.split('@')
    versions.set(action, (versions.get(action) ?? new Set()).add(version))
  }
  for (const [, each] of versions) expect(each.size).toBe(1)
})

it('what a workflow calls exists: scripts of npm, files, and commands of packages', () => {
  const called = (pattern: RegExp) =>
    allScripts.flatMap((script) => [...script.matchAll(pattern)].map(([, what = '']) => what))
  const npmScripts = called(/npm run (?:--silent )?([\w:-]+)/g)
  expect(npmScripts).toContain('smoke')
  for (const script of npmScripts) expect(Object.keys(packageJson.scripts)).toContain(script)
  const commands = called(/npx ([\w-]+)/g)
  expect(commands).toContain('cdk')
  for (const command of commands) expect(existsSync(`node_modules/.bin/${command}`)).toBe(true)
  const files = [...called(/bash (\S+)/g), ...called(/--file (\S+)/g)]
  expect(files).toHaveLength(2)
  for (const file of files) expect(existsSync(file)).toBe(true)
})

it('a deployment has no long-lived key: it takes a role of a repository variable', () => {
  expect(deploy).toMatch(/ role-to-assume: \$\{\{ vars\.AWS_ROLE_ARN \}\}\n/)
  for (const { text } of workflows) {
    expect(text).not.toMatch(/aws-access-key-id|aws-secret-access-key|AWS_SECRET_ACCESS_KEY/i)
    expect(
      [...text.matchAll(/secrets\.(\w+)/g)].map(([, secret]) => secret).filter((s) => s !== 'SMOKE_TOKEN'),
    ).toEqual([])
  }
})

describe('the smoke test after a deployment', () => {
  const script = scriptsIn(deploy).find((each) => each.includes(' smoke -- ')) ?? ''

  /** Runs the step with an npm whose nth smoke test is the first that goes well. */
  const runStep = (firstGood: number, CHAT_TOKEN = 'a.jwt.here') => {
    const folder = mkdtempSync(join(tmpdir(), 'simple-chat-smoke-step-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const count = `echo x >> ${folder}/tries; tries=$(wc -l < ${folder}/tries)`
    const commands = {
      jq: 'echo wss://chat.example.org/live',
      npm: `${count}; echo "$@"; [ "$tries" -ge ${firstGood} ] || { echo FAILED >&2; exit 1; }`,
      sleep: 'true',
    }
    for (const [name, body] of Object.entries(commands)) {
      writeFileSync(join(folder, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 })
    }
    const summary = join(folder, 'summary')
    writeFileSync(summary, '')
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      GITHUB_STEP_SUMMARY: summary,
      AUTH_SECRET_ARN: '',
      CHAT_TOKEN,
    }
    const { status, stdout } = spawnSync('bash', ['-eo', 'pipefail', '-c', script], { env })
    return { status, output: String(stdout), summary: readFileSync(summary, 'utf8').trim().split('\n') }
  }
  const called = 'run --silent smoke -- wss://chat.example.org/live --timeout 60'
  const fence = '```'

  it('is tried again where it fails at first, and told in the summary', () => {
    const { status, summary } = runStep(2)
    expect(status).toBe(0)
    expect(summary).toEqual([fence, called, 'FAILED', fence, fence, called, fence])
  })

  it('fails the deployment where it fails three times', () => {
    const { status, summary } = runStep(4)
    expect(status).toBe(1)
    expect(summary.filter((line) => line === 'FAILED')).toHaveLength(3)
  })

  it('is left out, with a warning, where nobody has given it a token', () => {
    const { status, output, summary } = runStep(1, '')
    expect([status, summary]).toEqual([0, ['']])
    expect(output).toMatch(/^::warning::There is no secret SMOKE_TOKEN/)
  })
})
