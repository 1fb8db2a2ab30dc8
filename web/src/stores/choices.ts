import { defineStore } from 'pinia'
import { ref } from 'vue'
import { api, ok } from '@/api/http'
import type { Choice, RecordChoices } from '@/api/types'
import { words } from '@/i18n'

export interface Option {
  value: number
  label: string
  children?: Option[]
}

/** The trees of matters and results, per store, asked once. */
export const useChoices = defineStore('choices', () => {
  const byStore = ref<Record<number, RecordChoices>>({})
  const asking = new Map<number, Promise<void>>()

  function need(store: number): Promise<void> {
    if (byStore.value[store]) return Promise.resolve()
    let running = asking.get(store)
    if (!running) {
      running = ok(api.GET('/api/record-choices', { params: { query: { store } } }))
        .then((choices) => {
          byStore.value[store] = choices
        })
        .finally(() => asking.delete(store))
      asking.set(store, running)
    }
    return running
  }

  const toOption = (choice: Choice): Option => ({
    value: choice.id,
    label: words(choice.name),
    ...(choice.children.length ? { children: choice.children.map(toOption) } : {}),
  })
  /** The matters of the line that was rung come first. */
  const matters = (store: number, lineKind: string): Option[] =>
    [...(byStore.value[store]?.matters ?? [])].sort((a, b) => Number(b.line_kind === lineKind) - Number(a.line_kind === lineKind)).map(toOption)
  const results = (store: number): Option[] => (byStore.value[store]?.results ?? []).map(toOption)

  /** Whether a result obliges to say when the customer is rung back. */
  function needsFollowUp(store: number, result: number | null): boolean {
    const all = (list: Choice[]): Choice[] => list.flatMap((choice) => [choice, ...all(choice.children)])
    return all(byStore.value[store]?.results ?? []).some((choice) => choice.id === result && choice.required_follow_up)
  }

  return { byStore, need, matters, results, needsFollowUp }
})
