import { describe, expect, it, vi } from 'vitest'
import { makeEmitter } from '../../../../client/primitives/emitter.ts'

describe('events', () => {
  it('reach every listener of their name until it is taken off', () => {
    const { on, emit } = makeEmitter<{ tick: number; other: string }>()
    const seen: unknown[] = []
    const off = on('tick', (value) => seen.push(value))
    on('other', (value) => seen.push(value))
    emit('tick', 1)
    emit('other', 'x')
    off()
    emit('tick', 2)
    expect(seen).toEqual([1, 'x'])
  })

  it('reach the other listeners when one throws, and what it threw is not lost', () => {
    const later: (() => void)[] = []
    vi.stubGlobal('queueMicrotask', (task: () => void) => later.push(task))
    const { on, emit } = makeEmitter<{ tick: number }>()
    const seen: number[] = []
    on('tick', () => {
      throw new Error('a listener with a bug')
    })
    on('tick', (value) => seen.push(value))
    emit('tick', 1)
    vi.unstubAllGlobals()
    expect(seen).toEqual([1])
    expect(() => later[0]?.()).toThrow('a listener with a bug')
  })

  it('do not reach a listener that another one takes off', () => {
    const { on, emit } = makeEmitter<{ tick: number }>()
    const seen: number[] = []
    on('tick', () => off())
    const off = on('tick', (value) => seen.push(value))
    emit('tick', 1)
    expect(seen).toEqual([])
  })

  it('reach every listener in the order in which they came, even those that come of a listener', () => {
    const { on, emit } = makeEmitter<{ tick: number; tock: number }>()
    const seen: string[] = []
    on('tick', (value) => emit('tock', value))
    on('tick', (value) => seen.push(`tick ${value}`))
    on('tock', (value) => seen.push(`tock ${value}`))
    emit('tick', 1)
    emit('tick', 2)
    expect(seen).toEqual(['tick 1', 'tock 1', 'tick 2', 'tock 2'])
  })
})
