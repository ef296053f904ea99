import { ChatClientError } from '../../client/api/errors.ts'
import { identitiesFor } from './identities.ts'
import type { SmokeOptions } from './options.ts'
import { makeParticipant } from './participant.ts'
import { SmokeError } from './smoke-error.ts'
import { type Smoke, steps } from './steps.ts'

type Deps = {
  /** Prints one line, given without its line end. */
  readonly tell: (line: string) => void
  readonly complain: (line: string) => void
}

/** Runs all steps and prints each with its time. @returns true if all succeeded */
export const runSmoke = async (options: SmokeOptions, { tell, complain }: Deps): Promise<boolean> => {
  const { url, roomId, identification, timeoutMs } = options
  const [first, second] = await identitiesFor(identification, roomId)
  const a = makeParticipant({ name: 'A', url, identity: first })
  const b = makeParticipant({ name: 'B', url, identity: second })
  const smoke: Smoke = { ...options, a, b, sentAtMs: new Map(), progress: () => '' }
  const startedAtMs = performance.now()
  try {
    for (const { name, run } of steps) {
      const stepStartedAtMs = performance.now()
      const line = (text: string) => `${name.padEnd(8)} ${msSince(stepStartedAtMs).padStart(8)}  ${text}`
      try {
        tell(line(await within(timeoutMs, smoke, run(smoke))))
      } catch (error) {
        complain(line(`FAILED. ${reasonOf(error)}`))
        return false
      }
    }
    tell(`All steps passed in ${msSince(startedAtMs)}.`)
    return true
  } finally {
    a.client.close()
    b.client.close()
  }
}

const within = async (timeoutMs: number, smoke: Smoke, running: Promise<string>): Promise<string> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const progress = smoke.progress()
    late.reject(
      new SmokeError(`Not done within ${timeoutMs / 1000} s${progress === '' ? '' : `: ${progress}`}`),
    )
  }, timeoutMs)
  try {
    return await Promise.race([running, late.promise])
  } finally {
    clearTimeout(timer)
    smoke.progress = () => ''
  }
}

/** Describes a failure of the deployment in one line. @throws other errors, which are defects of this program */
const reasonOf = (error: unknown): string => {
  if (error instanceof SmokeError) return error.message
  if (error instanceof ChatClientError) return `${error.message} (${error.code})`
  throw error
}

const msSince = (startedAtMs: number): string => `${Math.round(performance.now() - startedAtMs)} ms`
