/** Phone numbers as people read them: mainland mobiles 138 1234 5678, landlines 023 8888 0001, masks left as they are. */
export function phoneText(number: string): string {
  if (!number) return ''
  const local = number.startsWith('+86') ? number.slice(3) : number
  if (/^1[\d*]{10}$/.test(local)) return `${local.slice(0, 3)} ${local.slice(3, 7)} ${local.slice(7)}`
  const service = /^(400|800)([\d*]{3})([\d*]{4})$/.exec(local)
  if (service) return `${service[1]} ${service[2]} ${service[3]}`
  const domestic = number.startsWith('+86') ? `0${local}` : local
  const short = /^0(10|2\d)([\d*]{4})([\d*]{4})$/.exec(domestic)
  if (short) return `0${short[1]} ${short[2]} ${short[3]}`
  const long = /^0(\d{3})([\d*]{3,4})([\d*]{4})$/.exec(domestic)
  if (long) return `0${long[1]} ${long[2]} ${long[3]}`
  return number
}

const COUNTED_AT_MOST = 10_000

/** How many customers a search finds at most. */
export const FOUND_AT_MOST = 1000

/** How many rows of a kind a file carries at most: as many mean as many or more. */
export const POP_SHOWS = { repairs: 10, orders: 10, calls: 5, bookings: 5 } as const

/** How many rows a list has; the server stops counting at ten thousand, and searching at a thousand. */
export const countText = (total: number, atMost = COUNTED_AT_MOST): string => total.toLocaleString() + (total >= atMost ? '+' : '')

/** What stands for ten thousand and for thousand behind a figure, in Chinese and in short. */
const TIMES: Record<string, number> = { '\u4e07': 10_000, w: 10_000, '\u5343': 1000, k: 1000 }
const YUAN = /\u5143$/

/**
 * A figure as people type it: 3,000, 12.5, with the sign for yuan behind it, or in tens of thousands as Chinese speakers count. Null where nothing was typed; NaN for what is none,
 * which has to be told: as JSON it would be nothing, and a discount granted without an amount is granted whole.
 */
export function figure(text: string): number | null {
  const plain = text.replace(/[\s,，¥￥]/g, '').replace(YUAN, '')
  if (!plain) return null
  const found = /^(-?(?:\d+\.?\d*|\.\d+))(\u4e07|w|\u5343|k)?$/i.exec(plain)
  const times = TIMES[found?.[2]?.toLowerCase() ?? '']
  return found ? (times ? Math.round(Number(found[1]) * times) : Number(found[1])) : NaN
}

/** Whole yuan, none of them owed. */
export function yuan(text: string): number | null {
  const amount = figure(text)
  return amount === null ? null : amount < 0 ? NaN : Math.round(amount)
}

/** Made once each, like the formats of times. */
const formats = new Map<string, Intl.NumberFormat>()

export function money(amount: number | string | null | undefined, language: string): string {
  if (amount === null || amount === undefined || amount === '') return ''
  const value = Number(amount)
  if (Number.isNaN(value)) return String(amount)
  const digits = value % 1 ? 2 : 0
  const key = `${language} ${digits}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en-GB', { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol', maximumFractionDigits: digits })
    formats.set(key, format)
  }
  return format.format(value)
}
