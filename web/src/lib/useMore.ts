/** The rest of an order or of a repair order: read when its row is opened, and again whenever that row changed. */
import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import type { Choice } from '@/components/EditField.vue'
import { useFileChoices, withOwn } from './fileOf'
import { useActions } from './useActions'
import type { RowEdit } from './useRow'

interface Whole<S> {
  steps: (S & { at: string; by: { name: string } | null })[]
}

export interface More<T> {
  whole: ShallowRef<T | null>
  load: () => Promise<boolean>
  steps: ComputedRef<{ name: string; at: string; by: { name: string } | null }[]>
  /** Who may look after it, and who does. */
  people: ComputedRef<Choice[]>
}

/** `person`: the field that says who looks after it; `called`: what a step is called. */
export function useMore<S, T extends Whole<S>>(row: () => unknown, ask: () => Promise<T>, edit: RowEdit, person: string, called: (step: S) => string): More<T> {
  const actions = useActions()
  const choices = useFileChoices()
  const whole = shallowRef(null) as ShallowRef<T | null>
  const load = (): Promise<boolean> => actions.run(ask().then((found) => (whole.value = found)))
  watch(row, load, { immediate: true })
  return {
    whole,
    load,
    steps: computed(() => (whole.value?.steps ?? []).map((one: Whole<S>['steps'][number]) => ({ name: called(one), at: one.at, by: one.by }))),
    people: computed(() => withOwn(choices.people.value, edit.row.value[person], edit.row.value[`${person}_named`])),
  }
}
