import type { Clock } from '../../core/ports.ts'
import type { makeDeliver } from '../../core/use-cases/deliver.ts'
import type { DeliverHandler } from '../aws/events.ts'

type Deps = { readonly deliver: ReturnType<typeof makeDeliver>; readonly clock: Clock }

/** Time kept back before Lambda's timeout, to hand what is left to a later job. */
const reserveMs = 5_000

/** Records of a lane, as Lambda's event source for RabbitMQ hands them over. A throw brings the whole batch again. */
export const makeDeliverHandler =
  ({ deliver, clock }: Deps): DeliverHandler =>
  async ({ rmqMessagesByQueue }, { getRemainingTimeInMillis }) => {
    const bodies = Object.values(rmqMessagesByQueue).flatMap((records) =>
      records.map(({ data }) => textOf(data)),
    )
    await deliver(bodies, clock() + getRemainingTimeInMillis() - reserveMs)
  }

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')
