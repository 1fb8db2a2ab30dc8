import { api, ok } from '@/api/http'
import type { Lead, LeadChoices } from '@/api/types'
import { keepDraft, readDraft } from '@/lib/mobileDraft'

/** What a lead may be set to: asked once a page, since stages and people change seldom. */
let asked: Promise<LeadChoices> | null = null
export function leadChoices(again = false): Promise<LeadChoices> {
  if (!asked || again) {
    asked = ok(api.GET('/api/leads/choices'))
    asked.catch(() => (asked = null))
  }
  return asked
}

const BRANDS = 'dealerline.mobile.brands'
/** The brands as they were when they were asked for last, for where there is no network; and as they are now. */
export function brandsKept(): LeadChoices['brands'] {
  const kept = readDraft<LeadChoices['brands']>(BRANDS)
  return Array.isArray(kept) ? (kept as LeadChoices['brands']) : []
}
export async function brandsNow(): Promise<LeadChoices['brands']> {
  const { brands } = await leadChoices()
  keepDraft(BRANDS, brands)
  return brands
}

export const INTENTIONS = ['A', 'B', 'C', 'D'] as const
/** Who did not turn to us himself: rung for advertising, unless somebody knows better. The server has the same. */
export const UNASKED: readonly string[] = ['referral', 'old_customer']
export const ORIGINS = ['call', 'walk_in', 'web', 'referral', 'show', 'campaign', 'old_customer', 'other'] as const
const TONES: Record<string, string> = { waiting: 'wrap', active: 'talking', pool: 'away', won: 'ready', lost: 'away' }

export const toneOf = (lead: Pick<Lead, 'state' | 'late'>): string => (lead.late ? 'lost' : TONES[lead.state] ?? 'away')

/** As people say it: in ten thousands in China, in thousands elsewhere. */
export function shortMoney(amount: number, language: string): string {
  const text = new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en-GB', { notation: 'compact', maximumFractionDigits: 1 }).format(amount)
  return language === 'zh' ? text : `\u00a5${text}`
}

export function budget(lead: Pick<Lead, 'budget_from' | 'budget_to'>, language: string): string {
  const parts = [lead.budget_from, lead.budget_to].map((value) => (value === null || value === undefined ? '' : shortMoney(value, language)))
  if (!parts[0] && !parts[1]) return ''
  return parts[0] === parts[1] ? parts[0]! : `${parts[0] || '…'}–${parts[1] || '…'}`
}

/** An id for what must be written once however often it is sent. Not every browser has randomUUID without TLS. */
export function newId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Tomorrow at ten, in the form of a date-time field. */
export function tomorrow(): string {
  const day = new Date(Date.now() + 86_400_000)
  day.setHours(10, 0, 0, 0)
  return localText(day)
}

/** A moment as a date-time field has it, and back with the zone. */
export function localText(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}
export const withZone = (local: string): string | null => (local ? new Date(local).toISOString() : null)
