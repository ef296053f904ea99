/** Thrown when a deployment fails the test. The message is one line. */
export class SmokeError extends Error {
  override readonly name = 'SmokeError'
}
