/** Why nothing was deployed, in one line that says what to do. */
export class DeployError extends Error {
  override readonly name = 'DeployError'
}
