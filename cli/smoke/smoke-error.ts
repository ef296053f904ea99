/** What a deployment did that it should not, or did not do, in one line. */
export class SmokeError extends Error {
  override readonly name = 'SmokeError'
}
