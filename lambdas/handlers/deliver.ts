import type { Clock } from '../../core/ports.ts'
import type { makeDeliver } from '../../core/use-cases/deliver.ts'
import type { DeliverHandler } from '../aws/events.ts'

type Deps = { readonly deliver: ReturnType<typeof makeDeliver>; readonly clock: Clock }

/** Time reserved before Lambda's timeout, in ms, to publish the rest as later jobs (our choice). */
const reserveMs = 5_000

/** Handles a batch of a lane from Lambda's event source for RabbitMQ. After a throw, the whole batch is delivered again. */
export const makeDeliverHandler =
  ({ deliver, clock }: Deps): DeliverHandler =>
  async ({ rmqMessagesByQueue }, { getRemainingTimeInMillis }) => {
    const bodies = Object.values(rmqMessagesByQueue).flatMap((records) =>
      records.map(({ data }) => textOf(data)),
    )
    await deliver(bodies, clock() + getRemainingTimeInMillis() - reserveMs)
  }

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')
