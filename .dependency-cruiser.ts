import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser'

// Defines which folder may import which. CONTRIBUTING.md has the same table in words. `npm run deps` checks it.

const only = (name: string, from: string, ...allowed: string[]): IForbiddenRuleType => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
})

const npm = (...names: string[]) => names.map((name) => `^node_modules/${name}/`)

/** Modules of Node.js, with the prefix or, as dependency-cruiser names some of them, without. */
const node = ['^node:', '^[a-z_]+(/promises)?$']

export const forbidden: IForbiddenRuleType[] = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  // The packages `@types/mdast` and `@types/nlcst` contain types and no module.
  {
    name: 'resolvable',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true, pathNot: '^(mdast|nlcst)$' },
  },
  {
    name: 'product-never-imports-test',
    severity: 'error',
    from: { pathNot: '^(test/|vitest\\.config\\.ts)' },
    to: { path: '^test/' },
  },
  only('protocol-stands-alone', '^protocol/', '^protocol/', ...npm('valibot')),
  only('core-imports-the-protocol', '^core/', '^core/', '^protocol/', ...npm('valibot')),
  {
    name: 'use-cases-never-import-each-other',
    severity: 'error',
    from: { path: '^core/use-cases/([^/]+)$' },
    to: { path: '^core/use-cases/', pathNot: '^core/use-cases/$1$' },
  },
  only(
    'adapters-import-core-and-their-library',
    '^adapters/([^/]+)/',
    '^core/',
    '^protocol/',
    '^adapters/$1/',
    ...node,
    '^node_modules/',
  ),
  {
    name: 'handlers-never-import-each-other',
    severity: 'error',
    from: { path: '^lambdas/handlers/([^/]+)$' },
    to: { path: '^lambdas/(handlers|entries|wiring)/', pathNot: '^lambdas/handlers/$1$' },
  },
  {
    name: 'an-entry-imports-its-own-handler',
    severity: 'error',
    from: { path: '^lambdas/entries/([^/]+)$' },
    to: { path: '^lambdas/(handlers|entries)/', pathNot: '^lambdas/handlers/$1$' },
  },
  {
    name: 'nothing-imports-an-entry',
    severity: 'error',
    from: { pathNot: '^test/' },
    to: { path: '^lambdas/entries/' },
  },
  {
    name: 'only-entries-import-the-wiring',
    severity: 'error',
    // lib/ takes the names of environment variables from the wiring and nothing else: see its own rule.
    from: { pathNot: '^(lambdas/(entries|wiring)|test|lib)/' },
    to: { path: '^lambdas/wiring/' },
  },
  {
    name: 'lambdas-import-core-and-adapters',
    severity: 'error',
    from: { path: '^lambdas/' },
    to: { path: '^(gateway|client|web|lib)/' },
  },
  {
    name: 'gateway-reaches-handlers-through-one-file',
    severity: 'error',
    from: { path: '^gateway/', pathNot: '^gateway/lambda/handlers\\.ts$' },
    to: { path: '^lambdas/handlers/' },
  },
  {
    name: 'gateway-imports-core-and-adapters',
    severity: 'error',
    from: { path: '^gateway/' },
    to: { path: '^(client|web|lib|cli)/' },
  },
  only(
    'the-dead-letters-command-imports-core-and-adapters',
    '^cli/dead-letters/',
    '^cli/(dead-letters/|[^/]+$)',
    '^core/',
    '^protocol/',
    '^adapters/',
    ...node,
    ...npm('valibot'),
  ),
  {
    name: 'only-the-dead-letters-function-imports-a-command',
    severity: 'error',
    from: { pathNot: '^(cli|test)/|^lambdas/entries/dead-letters\\.ts$' },
    to: { path: '^cli/' },
  },
  only(
    'the-terminal-client-imports-the-sdk',
    '^cli/chat/',
    '^cli/(chat/|[^/]+$)',
    '^client/',
    '^protocol/',
    ...node,
  ),
  only('the-token-command-stands-alone', '^cli/token/', '^cli/(token/|[^/]+$)', ...node, ...npm('jose')),
  only(
    'the-smoke-test-sees-what-a-client-sees',
    '^cli/smoke/',
    '^cli/(smoke/|[^/]+$)',
    '^cli/token/sign-token\\.ts$',
    '^client/',
    '^protocol/',
    ...node,
    ...npm('ws'),
  ),
  only(
    'lib-shares-names-with-what-it-deploys',
    '^lib/',
    '^lib/',
    '^protocol/',
    '^core/(ports\\.ts$|domain/(lanes|metrics)\\.ts$)',
    '^adapters/(settings/|rabbitmq/topology\\.ts$|dynamodb/table-shapes\\.ts$)',
    '^lambdas/(routes|wiring/environment)\\.ts$',
    ...node,
    ...npm('aws-cdk-lib', 'constructs', '@cdklabs/cdk-amazonmq', 'esbuild', 'valibot'),
  ),
  {
    name: 'only-tools-import-lib',
    severity: 'error',
    from: { pathNot: '^(lib|tools|test/infra)/' },
    to: { path: '^lib/' },
  },
  only('client-has-no-dependency', '^client/', '^client/', '^protocol/'),
  only(
    'localstack-imports-core-adapters-and-the-lane-poller',
    '^localstack/',
    '^localstack/',
    '^core/',
    '^protocol/',
    '^adapters/',
    '^gateway/lambda/lane-poller\\.ts$',
    ...node,
    ...npm('valibot'),
  ),
  {
    name: 'web-sees-the-client-and-the-protocol',
    severity: 'error',
    from: { path: '^web/' },
    to: { path: '^(core|adapters|lambdas|gateway|lib|cli)/' },
  },
]

export const options: ICruiseOptions = {
  parser: 'swc',
  doNotFollow: { path: 'node_modules' },
  enhancedResolveOptions: {
    extensions: ['.ts', '.js', '.json'],
    conditionNames: ['import', 'require', 'node', 'default', 'types'],
    exportsFields: ['exports'],
  },
}
