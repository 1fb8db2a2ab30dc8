import { onScopeDispose, reactive, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { api, ApiError, ok } from '@/api/http'
import type { CustomerShort } from '@/api/types'
import { words } from '@/i18n'
import { readName } from '@/lib/newCaller'

/** So many digits of a number are looked up while it is typed. */
const LOOKED_UP = 7

export interface Known {
  customer: CustomerShort
  by: 'phone' | 'name'
}

/**
 * Somebody new who did not ring: his name, how he is called, and a number. Who is in the files by that name or number is found while it
 * is typed. Repeating `save` after a failure of what follows makes nobody twice.
 */
export function useNewCustomer() {
  const { t } = useI18n()
  const form = reactive({ name: '', title: '', kind: 'person' as 'person' | 'company', phone: '' })
  const problems = ref<Record<string, string>>({})
  const saving = ref(false)
  const known = shallowRef<Known[]>([])
  let made: CustomerShort | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  const found = async (q: string): Promise<CustomerShort[]> => (q ? (await ok(api.GET('/api/customers', { params: { query: { q } } })).catch(() => ({ items: [] as CustomerShort[] }))).items : [])
  async function look(): Promise<void> {
    const mine = ++turn
    const { name } = readName(form.name)
    const digits = form.phone.replace(/\D/g, '')
    const [numbers, names] = await Promise.all([found(digits.length >= LOOKED_UP ? form.phone.trim() : ''), found(name.length > 1 ? name : '')])
    if (mine !== turn) return
    const byName = names.filter((one) => one.name === name && !numbers.some((other) => other.id === one.id))
    known.value = [...numbers.map((customer) => ({ customer, by: 'phone' as const })), ...byName.map((customer) => ({ customer, by: 'name' as const }))].slice(0, 3)
  }
  watch(() => [form.name, form.phone], () => {
    made = null
    clearTimeout(timer)
    timer = setTimeout(() => void look(), 250)
  })
  onScopeDispose(() => clearTimeout(timer))

  /** A form of address, or a company; once more takes it back. */
  function choose(which: 'mr' | 'ms' | 'company'): void {
    const on = chosen(which)
    form.kind = which === 'company' && !on ? 'company' : 'person'
    form.title = which === 'company' || on ? '' : t(`newCaller.${which}`)
  }
  const chosen = (which: 'mr' | 'ms' | 'company'): boolean => (which === 'company' ? form.kind === 'company' : form.kind === 'person' && form.title === t(`newCaller.${which}`))
  /** `Mr Wang` is Wang, Mr. */
  function nameDone(): void {
    const read = readName(form.name)
    if (read.title) form.title = t(`newCaller.${read.title}`)
    if (read.company && !form.title) form.kind = 'company'
    form.name = read.name
  }

  /** The customer, or null: `problems` says why. Throws ApiError for what no field can mend. */
  async function save(): Promise<CustomerShort | null> {
    nameDone()
    problems.value = form.name ? {} : { name: t('newCaller.nameNeeded') }
    if (!form.name || saving.value) return null
    if (made) return made
    saving.value = true
    try {
      const fresh = (await ok(api.POST('/api/customers', { body: { ...form, phone: form.phone.trim(), company: '', plate: '', model: '', need: '' } }))) as CustomerShort
      return (made = fresh)
    } catch (failure) {
      if (!(failure instanceof ApiError) || !Object.keys(failure.fields).length) throw failure
      problems.value = Object.fromEntries(Object.entries(failure.fields).map(([field, text]) => [field, words(text)]))
      return null
    } finally {
      saving.value = false
    }
  }
  return { form, problems, saving, known, choose, chosen, nameDone, save }
}
