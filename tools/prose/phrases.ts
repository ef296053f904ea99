/** A wording to avoid, and the wording to use. Patterns ignore case unless they have flags of their own. */
export type Phrase = readonly [pattern: RegExp, instead: string]

export const phrases: readonly Phrase[] = [
  [/\bwho(m)?ever\b/i, 'a noun: "a client", "the member", "any caller"'],
  [/\bis whom\b/i, '"is the user that"'],
  [/\bany more\b(?! than)/i, '"no longer"'],
  [/\bfor good\b/i, '"permanently"'],
  [/\bin hand\b/i, '"in flight" or "pending"'],
  [/\bset(s|ting)?( \w+)? aside\b/i, '"move to the dead-letter queue" or "skip"'],
  [/\b(hold(s|ing)?|held) up\b(?! to\b)/i, '"block"'],
  [/\bow(e|es|ed|ing)\b/i, '"pending" or "due"'],
  [/\bOurs\./, '"our choice"'],
  [/\b(is|are|was|were|be|being|been) told\b/i, '"receives" or "is notified"'],
  [/\bdoubled\b/i, '"duplicated"'],
  [/\bmend(s|ed|ing)?\b/i, '"fix" or "repair"'],
  [/\bmakes? no sense\b/i, '"is invalid"'],
  [/\blicense\b/, '"licence"'],
  [/\bin order to\b/i, '"to"'],
]
