import { describe, expect, it } from 'vitest'
import { planFaults } from '../../soak/fault-plan.ts'
import { faultsOf } from '../../soak/faults/all-faults.ts'
import { faultKinds } from '../../soak/faults/fault.ts'

const options = { seed: 7, faults: faultsOf(faultKinds), durationMs: 5 * 60_000, nodes: 2, crowds: 2 }

const shortOf = (seed: number, changes: Partial<typeof options> = {}) =>
  planFaults({ ...options, seed, ...changes }).map(({ fault, atMs, lengthMs, troubles, amount }) => ({
    name: `${fault.kind}: ${fault.name}`,
    atMs,
    lengthMs,
    troubles,
    amount,
  }))

const seeds = Array.from({ length: 50 }, (_, seed) => seed)

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(shortOf(1)).toEqual(shortOf(1))
    expect(shortOf(1)).not.toEqual(shortOf(2))
  })

  it('has every kind of fault, and ends in time, whatever the seed', () => {
    for (const seed of seeds) {
      const plan = planFaults({ ...options, seed })
      expect(new Set(plan.map(({ fault }) => fault.kind))).toEqual(new Set(faultKinds))
      for (const { atMs, lengthMs } of plan) expect(atMs + lengthMs).toBeLessThanOrEqual(options.durationMs)
    }
  })

  it('has no two faults trouble the same thing at a time, and the last one has the time to pass', () => {
    for (const seed of seeds) {
      const freeFromMs = new Map<string, number>()
      for (const { fault, atMs, lengthMs, troubles } of planFaults({ ...options, seed })) {
        for (const name of troubles) {
          expect(atMs).toBeGreaterThanOrEqual(freeFromMs.get(name) ?? 0)
          freeFromMs.set(name, atMs + lengthMs + fault.recoveryMs)
        }
      }
    }
  })

  it('leaves out what does not fit, and is empty without faults', () => {
    const frozen = faultsOf(['frozen'])
    const names = shortOf(3, { faults: frozen, durationMs: 20_000 }).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(0)
    expect(names).not.toContain('frozen: a gateway, beyond the patience of heartbeats')
    expect(shortOf(3, { faults: [] })).toEqual([])
  })
})
