/** Rows of one customer, page by page; an answer that comes after a newer question is dropped. */
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { ApiError } from '@/api/http'
import type { Paged } from '@/api/types'

export interface Pages<T> {
  rows: ShallowRef<T[]>
  total: Ref<number>
  page: Ref<number>
  pages: Ref<number>
  state: Ref<'loading' | 'ready' | 'failed'>
  error: ShallowRef<ApiError | null>
  more: ComputedRef<boolean>
  load: (page?: number) => Promise<void>
}

export function usePaged<T>(ask: (page: number) => Promise<Paged<T>>): Pages<T> {
  const rows = shallowRef<T[]>([])
  const [total, page, pages] = [ref(0), ref(1), ref(1)]
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const error = shallowRef<ApiError | null>(null)
  let turn = 0

  async function load(wanted = page.value): Promise<void> {
    const mine = ++turn
    try {
      const answer = await ask(wanted)
      if (mine !== turn) return
      rows.value = answer.items
      total.value = answer.total
      page.value = answer.page
      pages.value = answer.pages
      state.value = 'ready'
    } catch (failure) {
      if (mine !== turn) return
      if (!(failure instanceof ApiError)) throw failure
      error.value = failure
      state.value = 'failed'
    }
  }
  return { rows, total, page, pages, state, error, more: computed(() => pages.value > 1), load }
}
