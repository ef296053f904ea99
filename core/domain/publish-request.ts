/** Request of `deliver` to `publish`: a job as text, or a record that becomes a dead letter. */
export type PublishRequest =
  | { readonly kind: 'job'; readonly body: string; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly body: string; readonly reason: string }
