import { beforeAll, describe } from 'vitest'
import { type MakeLog, makeSetUp } from './message-log-fixture.ts'
import { pagesContract } from './message-log-pages.contract.ts'
import { retentionContract } from './message-log-retention.contract.ts'
import { retriesContract } from './message-log-retries.contract.ts'
import { writersContract } from './message-log-writers.contract.ts'

/** What every message log promises; `open` is called once for the suite. */
export const messageLogContract = (name: string, open: () => Promise<MakeLog>): void => {
  describe(`message log over ${name}`, () => {
    let makeLog: MakeLog | undefined
    beforeAll(async () => {
      makeLog = await open()
    })
    const setUp = makeSetUp(() => {
      if (makeLog === undefined) throw new Error('The log has not been opened')
      return makeLog
    })
    writersContract(setUp)
    retriesContract(setUp)
    pagesContract(setUp)
    retentionContract(setUp)
  })
}
