/** What one function asks another to publish on its behalf: a job as text, or a record to set aside. */
export type PublishRequest =
  | { readonly kind: 'job'; readonly body: string; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly body: string; readonly reason: string }
