const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const dayOfAnotherYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/** The time of day, where the reader is. */
export const timeOf = (sentAt: string): string => time.format(new Date(sentAt))

export const fullTimeOf = (sentAt: string): string => full.format(new Date(sentAt))

/** A heading for the messages of one day, as somebody would name that day now. */
export const dayOf = (sentAt: string, now: Date): string => {
  const sent = new Date(sentAt)
  const yesterday = new Date(now)
  yesterday.setDate(now.getDate() - 1)
  if (sent.toDateString() === now.toDateString()) return 'Today'
  if (sent.toDateString() === yesterday.toDateString()) return 'Yesterday'
  return (sent.getFullYear() === now.getFullYear() ? day : dayOfAnotherYear).format(sent)
}
