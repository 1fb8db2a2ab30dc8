/** The quick times of a promise as the server has them; here only what stands in for them while the server does not answer. */
import type { QuickTime } from '@/api/types'

export const TIME_CODES = ['half_hour', 'hour', 'noon', 'six', 'tomorrow_morning', 'tomorrow_afternoon', 'monday'] as const

/** Without opening hours: they are the server's to know. */
export function plainTimes(now: Date): QuickTime[] {
  const on = (days: number, hour: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour)
  const at: Date[] = [new Date(now.getTime() + 1_800_000), new Date(now.getTime() + 3_600_000), on(0, 12), on(0, 18), on(1, 10), on(1, 16), on(7 - ((now.getDay() + 6) % 7), 10)]
  return TIME_CODES.map((code, i) => ({ code, at: at[i]! > now ? at[i]!.toISOString() : null, moved: false }))
}
