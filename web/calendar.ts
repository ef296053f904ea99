const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const dayOfAnotherYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/** Formats the time of day in the reader's time zone. */
export const timeOf = (sentAt: string): string => time.format(new Date(sentAt))

export const fullTimeOf = (sentAt: string): string => full.format(new Date(sentAt))

/** Formats the heading of a day's messages, such as Today. */
export const dayOf = (sentAt: string, now: Date): string => {
  const sent = new Date(sentAt)
  const yesterday = new Date(now)
  yesterday.setDate(now.getDate() - 1)
  if (sent.toDateString() === now.toDateString()) return 'Today'
  if (sent.toDateString() === yesterday.toDateString()) return 'Yesterday'
  return (sent.getFullYear() === now.getFullYear() ? day : dayOfAnotherYear).format(sent)
}
