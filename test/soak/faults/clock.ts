import type { Fault } from './fault.ts'

/** How far the clock is off meanwhile, in ms. Squared, so that seconds are as likely as minutes. */
export const clockOffsetMs = ({ name }: Pick<Fault, 'name'>, amount: number): number =>
  directions[name === 'forwards' ? 'forwards' : 'backwards'] * Math.round(2_000 + amount ** 2 * longestMs)

const directions = { forwards: 1, backwards: -1 }
/** Nodes take each other's signatures up to 5 minutes off. */
const longestMs = 4 * 60_000

/** On one node; it jumps back when the fault is lifted. */
const jumped = (name: keyof typeof directions): Fault => ({
  kind: 'clock-jumped',
  name,
  lengthMs: [3_000, 30_000],
  troubles: ['clock'],
  recoveryMs: 1_000,
  inflict: async ({ node, amount }) => {
    await node.set({ clockOffsetMs: clockOffsetMs({ name }, amount) })
    return () => node.set({ clockOffsetMs: 0 })
  },
})

export const clockFaults: readonly Fault[] = [jumped('forwards'), jumped('backwards')]
