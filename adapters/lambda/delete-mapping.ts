import {
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceInUseException,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda'

/**
 * Has Lambda delete an event source mapping, by its UUID. One that is gone, or being deleted, is as good; one that is
 * being made or changed is waited for.
 *
 * @throws whatever else the SDK throws, and Error where the wait was in vain
 */
export type DeleteMapping = (uuid: string) => Promise<void>

type Deps = { readonly wait: (ms: number) => Promise<void> }

/** 90 s in all. Ours. */
const [tries, betweenMs] = [30, 3_000]

export const makeDeleteMapping = ({ wait }: Deps): DeleteMapping => {
  const client = new LambdaClient()

  /** Looks first: who may delete only the mappings of one function may be refused to delete one that is of none any more. */
  const isGone = async (UUID: string): Promise<boolean> => {
    const { State } = await client.send(new GetEventSourceMappingCommand({ UUID }))
    return State === 'Deleting'
  }
  /** False where it is busy. */
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
