import {
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceInUseException,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda'

/**
 * Deletes an event source mapping by its UUID. A mapping that is gone or being deleted counts as deleted. The function waits
 * for a mapping that is being created or changed.
 *
 * @throws Error if the mapping stays busy; other errors of the SDK
 */
export type DeleteMapping = (uuid: string) => Promise<void>

type Deps = { readonly wait: (ms: number) => Promise<void> }

/** Number of attempts, which take 90 s in all (our choice). */
const [tries, betweenMs] = [30, 3_000]

export const makeDeleteMapping = ({ wait }: Deps): DeleteMapping => {
  const client = new LambdaClient()

  /** Looks first: the permission may be limited to mappings of one function, and a deleted mapping has none. */
  const isGone = async (UUID: string): Promise<boolean> => {
    const { State } = await client.send(new GetEventSourceMappingCommand({ UUID }))
    return State === 'Deleting'
  }
  /** Requests the deletion. @returns false if the mapping is busy */
  const tryOnce = async (UUID: string): Promise<boolean> => {
    try {
      if (!(await isGone(UUID))) await client.send(new DeleteEventSourceMappingCommand({ UUID }))
      return true
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return true
      if (error instanceof ResourceInUseException) return false
      throw error
    }
  }

  return async (uuid) => {
    for (let left = tries; !(await tryOnce(uuid)); left--) {
      if (left <= 1) throw new Error(`The mapping ${uuid} is busy: it could not be deleted. Try again.`)
      await wait(betweenMs)
    }
  }
}
