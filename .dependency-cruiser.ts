import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser'

// Who may import whom; CONTRIBUTING.md has the same table in words. `npm run deps` checks it.

const only = (name: string, from: string, ...allowed: string[]): IForbiddenRuleType => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
})

const npm = (...names: string[]) => names.map((name) => `^node_modules/${name}/`)

export const forbidden: IForbiddenRuleType[] = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  {
    name: 'product-never-imports-test',
    severity: 'error',
    from: { pathNot: '^(test/|vitest\\.config\\.ts)' },
    to: { path: '^test/' },
  },
  only('protocol-stands-alone', '^core/protocol/', '^core/protocol/', ...npm('valibot')),
  only('core-stands-alone', '^core/(?!protocol/)', '^core/', ...npm('valibot')),
  {
    name: 'use-cases-never-import-each-other',
    severity: 'error',
    from: { path: '^core/use-cases/([^/]+)$' },
    to: { path: '^core/use-cases/', pathNot: '^core/use-cases/$1$' },
  },
  {
    name: 'core-but-use-cases-never-imports-use-cases',
    severity: 'error',
    from: { path: '^core/(domain|protocol|ports)' },
    to: { path: '^core/use-cases/' },
  },
  only(
    'adapters-import-core-and-their-library',
    '^adapters/([^/]+)/',
    '^core/',
    '^adapters/$1/',
    '^node:',
    '^[a-z_]+(/promises)?$',
    '^node_modules/',
  ),
  {
    name: 'lambdas-never-import-each-other',
    severity: 'error',
    from: { path: '^lambdas/([^/]+)\\.ts$' },
    to: { path: '^lambdas/[^/]+\\.ts$', pathNot: '^lambdas/($1|routes|events)\\.ts$' },
  },
  {
    name: 'an-entry-imports-its-own-lambda',
    severity: 'error',
    from: { path: '^lambdas/entries/([^/]+)\\.ts$' },
    to: { path: '^lambdas/[^/]+\\.ts$', pathNot: '^lambdas/$1\\.ts$' },
  },
  {
    name: 'nothing-imports-an-entry',
    severity: 'error',
    // lib/ takes the names of variables from there, and nothing else: see below.
    from: { pathNot: '^(lambdas/entries|test|lib)/' },
    to: { path: '^lambdas/entries/' },
  },
  {
    name: 'lambdas-import-core-and-adapters',
    severity: 'error',
    from: { path: '^lambdas/' },
    to: { path: '^(gateway|client|web|lib)/' },
  },
  {
    name: 'gateway-reaches-handlers-through-one-route-table',
    severity: 'error',
    from: { path: '^gateway/', pathNot: '^gateway/handlers\\.ts$' },
    to: { path: '^lambdas/[^/]+\\.ts$', pathNot: '^lambdas/routes\\.ts$' },
  },
  {
    name: 'gateway-imports-core-and-adapters',
    severity: 'error',
    from: { path: '^gateway/' },
    to: { path: '^(client|web|lib)/' },
  },
  only(
    'operations-import-core-and-adapters',
    '^operations/',
    '^operations/',
    '^core/',
    '^adapters/',
    '^node:',
    '^util$',
    ...npm('valibot'),
  ),
  {
    name: 'nothing-but-its-own-entry-imports-operations',
    severity: 'error',
    from: { pathNot: '^(operations|test)/|^lambdas/entries/dead-letters\\.ts$' },
    to: { path: '^operations/' },
  },
  only(
    'lib-shares-names-with-what-it-deploys',
    '^lib/',
    '^lib/',
    '^core/(protocol/|ports\\.ts$|domain/(lanes|metrics)\\.ts$)',
    '^adapters/(environment/|rabbitmq/topology\\.ts$|dynamodb/table-shapes\\.ts$)',
    '^lambdas/(routes|entries/environment)\\.ts$',
    '^node:',
    '^[a-z_]+(/promises)?$',
    ...npm('aws-cdk-lib', 'constructs', '@cdklabs/cdk-amazonmq', 'esbuild', 'valibot'),
  ),
  {
    name: 'nothing-but-its-tools-imports-lib',
    severity: 'error',
    from: { pathNot: '^(lib|tools|test/infra)/' },
    to: { path: '^lib/' },
  },
  only('client-has-no-dependency', '^client/(?!terminal/)', '^client/(?!terminal/)', '^core/protocol/'),
  only(
    'localstack-imports-core-adapters-and-the-lane-poller',
    '^localstack/',
    '^localstack/',
    '^core/',
    '^adapters/',
    '^gateway/lane-poller\\.ts$',
    '^node:',
    '^[a-z_]+(/promises)?$',
    ...npm('valibot'),
  ),
  only(
    'the-smoke-test-sees-what-a-client-sees',
    '^tools/smoke/',
    '^tools/smoke/',
    '^tools/token/sign-token\\.ts$',
    '^client/(?!terminal/)',
    '^core/protocol/',
    '^node:',
    '^[a-z_]+$',
    ...npm('ws'),
  ),
  {
    name: 'client-and-web-see-the-protocol-only',
    severity: 'error',
    from: { path: '^(client|web)/' },
    to: { path: '^(core/(?!protocol/)|adapters|lambdas|gateway|lib)/?' },
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
