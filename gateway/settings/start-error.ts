/** Thrown when the gateway cannot start. The message is one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'

  constructor(message: string, cause?: unknown) {
    super(message, { cause })
  }
}
