import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { type FunctionName, functionNames } from '../../lambdas/routes.ts'

const bundles = inject('bundles')

/** The npm packages in what a function loads when it starts, or in a file that it loads later. */
const packagesIn = (name: FunctionName, file = 'index.js'): readonly string[] => {
  const found = bundles[name].files.find(({ path }) => basename(path) === file)
  if (!found) throw new Error(`${name} has no ${file}`)
  const packages = found.sources.flatMap(
    (source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [],
  )
  return [...new Set(packages)].sort()
}

const lateFilesOf = (name: FunctionName): readonly string[] =>
  bundles[name].files.map(({ path }) => basename(path)).filter((file) => !/^index\.js|\.map$/.test(file))

/** Of the packages that take time to start, those that a function starts with. */
const heavy = [
  '@aws-sdk/client-apigatewaymanagementapi',
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-lambda',
  '@aws-sdk/client-secrets-manager',
  'amqplib',
  'jose',
]

const expected: Readonly<Record<FunctionName, readonly string[]>> = {
  authorize: ['jose'],
  'auth-check': ['@aws-sdk/client-dynamodb', 'jose'],
  connect: ['@aws-sdk/client-dynamodb'],
  disconnect: ['@aws-sdk/client-dynamodb'],
  'send-message': ['@aws-sdk/client-dynamodb', '@aws-sdk/client-secrets-manager', 'amqplib'],
  'room-actions': ['@aws-sdk/client-dynamodb'],
  default: [],
  deliver: ['@aws-sdk/client-apigatewaymanagementapi', '@aws-sdk/client-dynamodb'],
  publish: ['@aws-sdk/client-secrets-manager', 'amqplib'],
  'declare-topology': ['@aws-sdk/client-secrets-manager', 'amqplib'],
  'dead-letters': ['@aws-sdk/client-secrets-manager', 'amqplib'],
  'delete-reader': ['@aws-sdk/client-lambda'],
}

describe('bundles', () => {
  it.each(functionNames)('%s starts with what its handler uses, and nothing else that is heavy', (name) => {
    expect(packagesIn(name).filter((each) => heavy.includes(each))).toEqual(expected[name])
  })

  it('of functions that call no AWS service hold nothing of the SDK', () => {
    for (const name of ['default', 'authorize'] as const) {
      expect(packagesIn(name).filter((each) => /^@(aws-sdk|smithy)\//.test(each))).toEqual([])
    }
  })

  it.each(functionNames)('%s looks for credentials where Lambda puts them, and in no other place', (name) => {
    const files = ['index.js', ...lateFilesOf(name)]
    const others = files
      .flatMap((file) => packagesIn(name, file))
      .filter((each) => /credential-provider|token-providers|nested-clients/.test(each))
    expect(others).toEqual([])
  })

  it('keep what may never be needed in files of its own', () => {
    expect(packagesIn('deliver', 'aws-sdk-client-lambda-dist-es-index.js')).toContain(
      '@aws-sdk/client-lambda',
    )
    for (const name of ['authorize', 'auth-check'] as const) {
      const late = packagesIn(name, 'adapters-secrets-manager-secret-source.js')
      expect(late).toContain('@aws-sdk/client-secrets-manager')
    }
  })

  it('hold every file that they load late', async () => {
    for (const name of functionNames) {
      for (const { path } of bundles[name].files.filter((file) => file.path.endsWith('.js'))) {
        const required = [...(await readFile(path, 'utf8')).matchAll(/require\("\.\/([^"]+)"\)/g)].map(
          ([, file]) => file,
        )
        expect(lateFilesOf(name)).toEqual(expect.arrayContaining(required))
      }
    }
  })

  it('stay small: what is loaded has to be compiled first', async () => {
    for (const name of functionNames) {
      const index = bundles[name].files.find(({ path }) => basename(path) === 'index.js')
      const { size } = await stat(index?.path ?? '')
      expect(size, name).toBeLessThan(name === 'default' || name === 'authorize' ? 90_000 : 420_000)
    }
  })

  it('come with maps that lead back to the sources, and hold none of them', async () => {
    for (const name of functionNames) {
      const map = bundles[name].files.find(({ path }) => basename(path) === 'index.js.map')
      const { sources, sourcesContent } = JSON.parse(await readFile(map?.path ?? '', 'utf8'))
      expect(sources.some((source: string) => source.endsWith(`lambdas/entries/${name}.ts`))).toBe(true)
      expect(sourcesContent).toBeUndefined()
    }
  })
})
