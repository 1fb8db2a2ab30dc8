/** What the parts of a customer's page need of the file they stand in, and what may be chosen in it. */
import { computed, inject, onMounted, shallowRef, type ComputedRef, type InjectionKey } from 'vue'
import { useI18n } from 'vue-i18n'
import { api, ok } from '@/api/http'
import type { Car, FileChoices } from '@/api/types'
import type { Choice } from '@/components/EditField.vue'
import { words } from '@/i18n'

export interface FileOf {
  customer: number
  store: number
  /** The likeliest first; of a company with hundreds not all of them. */
  cars: Car[]
  carsCount: number
}
export const FILE: InjectionKey<ComputedRef<FileOf>> = Symbol('file')
const NOBODY = computed<FileOf>(() => ({ customer: 0, store: 0, cars: [], carsCount: 0 }))
export const useFile = (): ComputedRef<FileOf> => inject(FILE, NOBODY)

export const carName = (car: { plate: string; model: string; vin: string } | null | undefined): string => (car ? car.plate || car.model || car.vin : '')

type Named = { id: number; name?: string; plate?: string; model?: string; vin?: string } | null

/** A row as it is edited: the rows it names by their ids (0: none), and beside each how it is called. */
export const byIds = (...fields: string[]) => (row: Record<string, unknown>): Record<string, unknown> => ({
  ...row,
  ...Object.fromEntries(
    fields.flatMap((field): [string, unknown][] => {
      const given = row[field]
      if (given === undefined || typeof given === 'number') return []
      const other = given as Named
      return [[field, other?.id ?? 0], [`${field}_named`, other?.name ?? carName(other as { plate: string; model: string; vin: string } | null)]]
    }),
  ),
})

/** The choices, and whoever is chosen already though he is none of them any more. */
export const withOwn = (choices: Choice[], id: unknown, name: unknown): Choice[] => (!id || choices.some((one) => one.value === id) ? choices : [...choices, { value: Number(id), label: String(name ?? id) }])

/** Asked once a page for each store: makes and people change seldom. */
const asked = new Map<number, Promise<FileChoices>>()
function ask(store: number): Promise<FileChoices> {
  let answer = asked.get(store)
  if (!answer) {
    answer = ok(api.GET('/api/file-choices', { params: { query: { store } } }))
    answer.catch(() => asked.delete(store))
    asked.set(store, answer)
  }
  return answer
}

/** The makes of cars, and who works for the store's customers; nobody and none come first. */
export function useFileChoices(): { brands: ComputedRef<Choice[]>; people: ComputedRef<Choice[]> } {
  const { t } = useI18n()
  const file = useFile()
  const choices = shallowRef<FileChoices | null>(null)
  onMounted(() => {
    if (file.value.store) void ask(file.value.store).then((found) => (choices.value = found), () => undefined)
  })
  return {
    brands: computed(() => [{ value: 0, label: t('file.noBrand') }, ...(choices.value?.brands ?? []).map((one) => ({ value: one.id, label: words(one.name) }))]),
    people: computed(() => [{ value: 0, label: t('file.nobody') }, ...(choices.value?.people ?? []).map((one) => ({ value: one.id, label: one.name }))]),
  }
}
