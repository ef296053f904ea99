/** Why the dead letters cannot be reached, in one line that says what to do. */
export class DeadLetterError extends Error {
  override readonly name = 'DeadLetterError'
}
