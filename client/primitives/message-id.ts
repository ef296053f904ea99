/**
 * Creates a random message id. `crypto.randomUUID` exists in secure contexts only. A page that a developer serves to a
 * phone over plain HTTP is none.
 */
export const makeMessageId = (): string => {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
