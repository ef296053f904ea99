import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deliveredAfter, maxHole, planDelivery, type SeqRange } from '../../../../core/delivery/plan.ts'

type Ends = readonly [from: number, to: number]

const range = ([from, to]: Ends, epoch = 'e'): SeqRange => ({ epoch, from, to })
/** Jobs by their first and last seqs; what is sent for them, and what is remembered then. */
const plan = (jobs: readonly Ends[], known?: Ends) => {
  const delivered = known && range(known)
  const sent = planDelivery(
    jobs.map((ends) => range(ends)),
    delivered,
  )
  const after = sent.reduce<SeqRange | undefined>(deliveredAfter, delivered)
  return { sent: sent.map(({ from, to }) => [from, to]), after: after && [after.from, after.to] }
}

describe('planDelivery', () => {
  it('sends what comes in order as it is, together', () => {
    expect(
      plan(
        [
          [5, 5],
          [6, 7],
        ],
        [1, 4],
      ),
    ).toEqual({ sent: [[5, 7]], after: [1, 7] })
  })

  it('knows nothing at first, and takes what comes', () => {
    expect(plan([[5, 5]])).toEqual({ sent: [[5, 5]], after: [5, 5] })
  })

  it('puts two writers that published out of order into order', () => {
    const jobs: Ends[] = [
      [6, 6],
      [5, 5],
    ]
    expect(plan(jobs, [1, 4])).toEqual({ sent: [[5, 6]], after: [1, 6] })
  })

  it('asks for what a writer stored and never published', () => {
    expect(plan([[7, 7]], [1, 4])).toEqual({ sent: [[5, 7]], after: [1, 7] })
    const jobs: Ends[] = [
      [2, 2],
      [4, 4],
    ]
    expect(plan(jobs)).toEqual({ sent: [[2, 4]], after: [2, 4] })
  })

  it('fills a hole in however long a batch', () => {
    const jobs: Ends[] = [
      [5, 400],
      [402, 900],
    ]
    expect(plan(jobs, [1, 4])).toEqual({ sent: [[5, 900]], after: [1, 900] })
  })

  it('does not send again what it has sent', () => {
    expect(plan([[3, 4]], [1, 4])).toEqual({ sent: [], after: [1, 4] })
    expect(plan([[3, 5]], [1, 4])).toEqual({ sent: [[5, 5]], after: [1, 5] })
  })

  it('sends what is older than all it remembers: it may never have been sent', () => {
    expect(plan([[3, 3]], [10, 12])).toEqual({ sent: [[3, 3]], after: [10, 12] })
    expect(plan([[3, 14]], [10, 12])).toEqual({
      sent: [
        [3, 9],
        [13, 14],
      ],
      after: [3, 14],
    })
  })

  it('fills nothing between what is older than all it remembers', () => {
    const jobs: Ends[] = [
      [3, 3],
      [5, 5],
    ]
    expect(plan(jobs, [10, 12])).toEqual({ sent: jobs, after: [10, 12] })
  })

  it('takes a far jump as a sign that another consumer served the room', () => {
    expect(plan([[900, 900]], [1, 4])).toEqual({ sent: [[900, 900]], after: [900, 900] })
    expect(plan([[5 + maxHole, 200]], [1, 4])).toEqual({ sent: [[5, 200]], after: [1, 200] })
    expect(plan([[6 + maxHole, 200]], [1, 4])).toEqual({ sent: [[6 + maxHole, 200]], after: [106, 200] })
  })

  it('begins anew with a new epoch, and lets a straggler of the old one through', () => {
    const jobs = [range([9, 9], 'old'), range([1, 1], 'new')]
    const known = range([1, 8], 'old')
    const sent = planDelivery(jobs, known)
    expect(sent).toEqual(jobs)
    expect(deliveredAfter(known, range([9, 9], 'old'))).toEqual(range([1, 9], 'old'))
    expect(deliveredAfter(known, range([1, 1], 'new'))).toEqual(range([1, 1], 'new'))
  })

  it('leaves no hole above what was delivered, and repeats nothing, in whatever order jobs come', () => {
    const job = fc
      .tuple(fc.integer({ min: 1, max: maxHole / 5 }), fc.integer({ min: 0, max: 5 }))
      .map(([from, more]): Ends => [from, from + more])
    const batches = fc.array(fc.array(job, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(batches, (all) => {
        const { sent, repeated, delivered } = deliverAll(all)
        expect(repeated).toEqual([])
        expect(seqsIn(delivered).filter((seq) => !sent.has(seq))).toEqual([])
        expect(delivered.to).toBe(Math.max(...all.flat().map(([, to]) => to)))
        expect(all.flat().filter(([from]) => !sent.has(from))).toEqual([])
      }),
    )
  })
})

const seqsIn = ({ from, to }: SeqRange) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Plays a consumer that gets these jobs, batch by batch, and sends what it is told to. */
const deliverAll = (batches: readonly (readonly Ends[])[]) => {
  let delivered: SeqRange | undefined
  const sent = new Set<number>()
  const repeated: number[] = []
  for (const jobs of batches) {
    const before = delivered
    for (const planned of planDelivery(
      jobs.map((ends) => range(ends)),
      before,
    )) {
      const known = before ? seqsIn(before) : []
      repeated.push(...seqsIn(planned).filter((seq) => known.includes(seq)))
      for (const seq of seqsIn(planned)) sent.add(seq)
      delivered = deliveredAfter(delivered, planned)
    }
  }
  return { sent, repeated, delivered: delivered ?? range([0, 0]) }
}
