import { defineConfig } from 'vitest/config'

const suite = (name: string, options = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    // Most take a moment; a busy machine with two cores takes its time over real engines.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...options,
  },
})

export default defineConfig({
  test: {
    projects: [
      suite('unit'),
      suite('contract'),
      suite('integration'),
      suite('infra', { globalSetup: ['test/infra/synthesis/synthesize.ts'] }),
      suite('e2e', { testTimeout: 120_000, fileParallelism: false }),
    ],
    globalSetup: ['test/support/servers/servers.ts'],
    reporters: ['default', './test/support/summary.ts'],
    coverage: {
      provider: 'v8',
      include: ['protocol', 'core', 'adapters', 'lambdas', 'gateway', 'client', 'cli'].map(
        (folder) => `${folder}/**/*.ts`,
      ),
      reporter: ['text-summary', 'json-summary', 'html'],
    },
  },
})
