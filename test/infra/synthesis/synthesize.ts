import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb'
import * as v from 'valibot'
import type { TestProject } from 'vitest/node'
import { type Bundles, bundleFunctions } from '../../../lib/functions/bundle.ts'
import { readStackSettings } from '../../../lib/settings/settings.ts'
import { SimpleChatStack } from '../../../lib/simple-chat-stack.ts'
import { findingsOf } from './findings.ts'
import type { Template } from './template.ts'

/** A template, and what cdk-nag has against it. */
export type Synthesized = { readonly template: Template; readonly findings: readonly string[] }

declare module 'vitest' {
  interface ProvidedContext {
    bundles: Bundles
    /** AWS with the least that has to be said. */
    small: Synthesized
    /** AWS with everything that can be said. */
    cluster: Synthesized
    localstack: Synthesized
    /** What cdk-nag has against a table of no care. */
    careless: readonly string[]
  }
}

const variants = {
  small: {
    AUTH_MODE: 'issuer',
    AUTH_ISSUER: 'https://id.example.org/',
    AUTH_AUDIENCE: 'chat',
  },
  cluster: {
    STAGE_NAME: 'blue',
    BROKER_SIZE: 'cluster',
    AVAILABILITY_ZONES: 'eu-central-1a,eu-central-1c',
    LANES: '8',
    BULK_LANES: '4',
    QUEUE_PREFIX: 'blue',
    AUTH_MODE: 'secret',
    AUTH_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat/tokens-AbCdEf',
    RETENTION_DAYS: '90',
    LARGE_ROOM_MEMBERS: '0',
    LIMIT_CONTENT_BYTES: '4096',
    LOG_RETENTION_DAYS: '7',
    DOMAIN_NAME: 'chat.example.org',
    CERTIFICATE_ARN: 'arn:aws:acm:eu-central-1:123456789012:certificate/0b1c2d3e',
    HOSTED_ZONE_ID: 'Z0123456789ABCDEFGHIJ',
    ALARM_EMAIL: 'operations@example.org',
    ACCOUNT_LOG_ROLE: 'keep',
  },
  localstack: {
    TARGET: 'localstack',
    AUTH_MODE: 'secret',
    AUTH_SECRET: 'for a machine of your own, and nowhere else',
  },
}

/** Bundles the functions and synthesizes each kind of deployment: once for all tests. */
const synthesizeAll = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), 'simple-chat-infra-'))
  const bundles = await bundleFunctions(join(folder, 'lambdas'))
  provide('bundles', bundles)
  const { context } = v.parse(CdkJsonSchema, JSON.parse(await readFile('cdk.json', 'utf8')))
  for (const [name, variables] of Object.entries(variants)) {
    const app = new App({
      outdir: join(folder, name),
      context: { ...context, 'aws:cdk:enable-path-metadata': true },
    })
    const stack = new SimpleChatStack(app, 'SimpleChat', {
      settings: readStackSettings({}, variables),
      bundles,
    })
    const findings = await findingsOf(app)
    const template: Template = JSON.parse(await readFile(join(folder, name, stack.templateFile), 'utf8'))
    provide(name as keyof typeof variants, { template, findings })
  }
  provide('careless', await findingsOf(carelessApp(join(folder, 'careless'))))
  return () => rm(folder, { recursive: true })
}

const carelessApp = (outdir: string): App => {
  const app = new App({ outdir })
  new Table(new Stack(app, 'Stack'), 'Table', { partitionKey: { name: 'id', type: AttributeType.STRING } })
  return app
}

const CdkJsonSchema = v.object({ context: v.record(v.string(), v.unknown()) })

// biome-ignore lint/style/noDefaultExport: vitest loads a global set-up by its default export.
export default synthesizeAll
