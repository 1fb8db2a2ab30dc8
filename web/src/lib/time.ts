/** Time as people say it. Every function takes seconds since the epoch or a length in seconds. */

export function clock(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds))
  const h = Math.floor(total / 3600)
  const m = Math.floor((total % 3600) / 60)
  const s = String(total % 60).padStart(2, '0')
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${String(m).padStart(2, '0')}:${s}`
}

/** A length as a catalogue key under `time.` and its values: minutes and hours exactly, from two days on in days. */
export function length(seconds: number): Spoken {
  const days = Math.floor(seconds / 86_400)
  return days >= 2 ? { key: 'time.days', values: { n: days } } : { key: 'time.clock', values: { clock: clock(seconds) } }
}

export function toSeconds(value: string | number | null | undefined): number | null {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'number') return value
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? null : parsed / 1000
}

const locale = (language: string): string => (language === 'zh' ? 'zh-CN' : 'en-GB')

/** Making a format takes a thousand times longer than using it, and a page of lists uses it in every row: each is made once. */
const formats = new Map<string, Intl.DateTimeFormat>()
function format(seconds: number, language: string, name: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${language} ${name}`
  let made = formats.get(key)
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(language), options)))
  return made.format(seconds * 1000)
}

export function absolute(seconds: number, language: string): string {
  return format(seconds, language, 'absolute', { dateStyle: 'medium', timeStyle: 'medium' })
}

export function timeOfDay(seconds: number, language: string): string {
  return format(seconds, language, 'time', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
}

const dayOf = (seconds: number): number => {
  const date = new Date(seconds * 1000)
  return Math.round(new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() / 86_400_000)
}

/** The day on the calendar here, as 2026-11-25. */
export function isoDay(seconds: number): string {
  const day = new Date(seconds * 1000)
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
}

/** The moment at which a day like 2026-11-25 begins here, `later` days on, as the server wants it: with a zone. */
export function dayBegins(day: string, later = 0): string {
  const [year, month, date] = day.split('-').map(Number)
  return new Date(year!, month! - 1, date! + later).toISOString()
}

/** A moment as the browser's own field has it, by the clock here: 2026-11-25T14:05; `''` for none. */
export function fieldMoment(at: string | null | undefined): string {
  const seconds = toSeconds(at)
  if (seconds === null) return ''
  const date = new Date(seconds * 1000)
  return `${isoDay(seconds)}T${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

/** And back, with its zone; null for none. */
export const momentOf = (field: string): string | null => (field ? new Date(field).toISOString() : null)

export type Spoken = { key: string; values: Record<string, string | number> }

/** What to say, as a catalogue key under `time.` and its values: just now, 3 min ago, today 14:05, yesterday 9:10, 12 May 14:05. */
export function spoken(seconds: number, now: number, language: string): Spoken {
  const ago = now - seconds
  if (ago >= 0 && ago < 60) return { key: 'time.now', values: {} }
  if (ago >= 0 && ago < 3600) return { key: 'time.minutes', values: { n: Math.floor(ago / 60) } }
  const hm = format(seconds, language, 'minute', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const days = dayOf(now) - dayOf(seconds)
  if (days === 0) return { key: 'time.today', values: { time: hm } }
  if (days === 1) return { key: 'time.yesterday', values: { time: hm } }
  if (days === -1) return { key: 'time.tomorrow', values: { time: hm } }
  const sameYear = new Date(seconds * 1000).getFullYear() === new Date(now * 1000).getFullYear()
  const date = format(seconds, language, sameYear ? 'day' : 'day and year', { month: 'short', day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }) })
  return { key: 'time.date', values: { date, time: hm } }
}
