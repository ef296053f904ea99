/**
 * A new id for a message. `crypto.randomUUID` is there in secure contexts only, so not on a page that a developer
 * serves to the phone beside the laptop.
 */
export const makeMessageId = (): string => {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
