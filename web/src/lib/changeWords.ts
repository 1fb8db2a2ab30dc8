/** What was changed in a file, in words: codes, moments, yes and no, and the rows that others name by their ids. */
import { useI18n } from 'vue-i18n'
import { words } from '@/i18n'
import { useSession } from '@/stores/session'
import { carName, useFile, useFileChoices } from './fileOf'
import { absolute, toSeconds } from './time'

type Row = Record<string, unknown>

/** Where the words of a code are, by what it is of. */
const CODES: Record<string, Record<string, string>> = {
  customers_customer: { level: 'level', intention: 'file.intentionOf', purchase_status: 'file.purchase', kind: 'newCaller', language: 'languageName', level_source: 'file.levelBy' },
  customers_customerphone: { use: 'phoneUse', verified_how: 'file.verified' },
  customers_carrole: { role: 'file.role' },
  customers_order: { status: 'orderStatus' },
  customers_payment: { kind: 'file.paymentKind' },
  customers_repair: { stage: 'repairStage' },
  customers_repairline: { kind: 'file.lineKind' },
  customers_booking: { kind: 'file.bookingKind', state: 'file.bookingStates' },
  customers_membershipcard: { level: 'level' },
  customers_tie: { kind: 'file.tie' },
}
/** Of a whole row these say nothing that is not said beside it. */
const DROPPED = ['customer_id', 'other_id', 'order_id', 'repair_id', 'open', 'store_id']
/** Several things have a number. */
const NUMBERS: Record<string, string> = { customers_order: 'file.orderNumber', customers_repair: 'repair.number', customers_membershipcard: 'card.number' }
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

export function useChangeWords(): { kind: (object: string) => string; field: (object: string, name: string) => string; said: (object: string, name: string, value: unknown) => string } {
  const { t, te, locale } = useI18n()
  const session = useSession()
  const file = useFile()
  const choices = useFileChoices()
  const key = (object: string): string => object.replace('.', '_')
  const known = (path: string, other: string): string => (te(path) ? t(path) : other)
  const field = (object: string, name: string): string => (name === 'number' && NUMBERS[key(object)] ? t(NUMBERS[key(object)]!) : plainField(name))
  const plainField = (name: string): string => known(`file.fields.${name}`, known(`file.fields.${name.replace(/_id$/, '')}`, name))

  function named(name: string, id: number): string {
    const found =
      name === 'store_id' ? words(session.storeNames.get(id))
      : name === 'car_id' ? carName(file.value.cars.find((car) => car.id === id))
      : name === 'brand_id' ? choices.brands.value.find((one) => one.value === id)?.label
      : choices.people.value.find((one) => one.value === id)?.label
    return found || `#${id}`
  }
  function one(object: string, name: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return t('file.empty')
    if (typeof value === 'boolean') return t(value ? 'file.yes' : 'file.no')
    if (Array.isArray(value)) return value.join('、') || t('file.empty')
    if (name.endsWith('_id') && typeof value === 'number') return named(name, value)
    const group = CODES[key(object)]?.[name]
    if (group) return known(`${group}.${value}`, String(value))
    return typeof value === 'string' && MOMENT.test(value) ? absolute(toSeconds(value) ?? 0, locale.value) : String(value)
  }
  /** Of a whole row what stands in it, field by field; of the other file in a merge his name is enough. */
  function said(object: string, name: string, value: unknown): string {
    if (!value || typeof value !== 'object' || Array.isArray(value)) return one(object, name, value)
    if ('merge' in value) return String((value as { name?: string }).name ?? '')
    const parts = Object.entries(value as Row).filter(([part, of]) => !DROPPED.includes(part) && of !== null && of !== '' && of !== false && (typeof of !== 'object' || (Array.isArray(of) && of.length > 0 && typeof of[0] !== 'object')))
    return parts.map(([part, of]) => `${field(object, part)} ${one(object, part, of)}`).join(' · ')
  }
  return { kind: (object) => known(`file.objects.${key(object)}`, object), field, said }
}
