import { describe, expect, inject, it } from 'vitest'

describe('cdk-nag', () => {
  it.each(['small', 'cluster', 'localstack'] as const)(
    'finds nothing in %s that has no reason beside it',
    (variant) => {
      expect(inject(variant).findings).toEqual([])
    },
  )

  it('does look, and finds what has no reason', () => {
    expect(inject('careless')).toEqual(['AwsSolutions-DDB3: Stack/Table/Resource'])
  })
})
