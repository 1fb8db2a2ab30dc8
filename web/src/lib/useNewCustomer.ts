import { computed, reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { api, ApiError, ok } from '@/api/http'
import type { CustomerShort } from '@/api/types'
import { words } from '@/i18n'
import { nameAsked, readName } from '@/lib/newCaller'
import { useCustomers } from '@/lib/useLookup'

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
  let made: CustomerShort | null = null

  const numbers = useCustomers(() => (form.phone.replace(/\D/g, '').length >= LOOKED_UP ? form.phone.trim() : ''))
  const names = useCustomers(() => nameAsked(form.name))
  const known = computed<Known[]>(() => {
    const byNumber = numbers.found.value ?? []
    const byName = (names.found.value ?? []).filter((one) => one.name === readName(form.name).name && !byNumber.some((other) => other.id === one.id))
    return [...byNumber.map((customer) => ({ customer, by: 'phone' as const })), ...byName.map((customer) => ({ customer, by: 'name' as const }))].slice(0, 3)
  })
  /** Why it cannot be seen whether he is there, in words. */
  const unseen = computed(() => numbers.problem.value || names.problem.value)
  watch(() => [form.name, form.phone], () => (made = null))

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
  return { form, problems, saving, known, unseen, choose, chosen, nameDone, save }
}
