import { reactive, ref, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { ApiError } from '@/api/http'
import type { Paged } from '@/api/types'

export interface List<T> {
  filters: Record<string, string>
  rows: Ref<T[]>
  total: Ref<number>
  pages: Ref<number>
  page: Ref<number>
  state: Ref<'loading' | 'ready' | 'failed'>
  error: Ref<ApiError | null>
  reload: () => Promise<void>
  clear: () => void
  go: (page: number) => void
}

/**
 * A list the server searches. Filters and page live in the address, so that going back, reloading and sending a link all show the
 * same rows; an answer that comes after a newer question is dropped.
 */
export function useList<T>(ask: (query: Record<string, string | number>, signal: AbortSignal) => Promise<Paged<T>>, names: string[]): List<T> {
  const route = useRoute()
  const router = useRouter()
  const from = (name: string): string => (typeof route.query[name] === 'string' ? String(route.query[name]) : '')
  const filters = reactive<Record<string, string>>(Object.fromEntries(names.map((name) => [name, from(name)])))
  const page = ref(Number(from('page')) || 1)
  const rows = ref([]) as Ref<T[]>
  const total = ref(0)
  const pages = ref(1)
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const error = ref<ApiError | null>(null)
  const home = route.path
  let asked: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function reload(): Promise<void> {
    asked?.abort()
    const mine = (asked = new AbortController())
    state.value = rows.value.length ? state.value : 'loading'
    try {
      const asked = Object.fromEntries(Object.entries(filters).filter(([, value]) => value))
      const answer = await ask({ ...asked, page: page.value }, mine.signal)
      if (mine.signal.aborted) return
      rows.value = answer.items
      total.value = answer.total
      pages.value = answer.pages
      state.value = 'ready'
      error.value = null
    } catch (failure) {
      if (mine.signal.aborted) return
      if (!(failure instanceof ApiError)) throw failure
      rows.value = [] // rows of an older question would be taken for the answer to this one
      error.value = failure
      state.value = 'failed'
    }
  }

  function remember(): void {
    const query: Record<string, string> = {}
    for (const [name, value] of Object.entries(filters)) if (value) query[name] = value
    if (page.value > 1) query.page = String(page.value)
    void router.replace({ query })
  }

  watch(
    () => ({ ...filters }),
    () => {
      page.value = 1
      clearTimeout(timer)
      timer = setTimeout(() => {
        remember()
        void reload()
      }, 250)
    },
  )

  function go(to: number): void {
    page.value = to
    remember()
    void reload()
  }

  function clear(): void {
    for (const name of names) filters[name] = ''
  }

  watch(
    () => route.query,
    (query) => {
      if (route.path !== home) return
      for (const name of names) {
        const value = typeof query[name] === 'string' ? String(query[name]) : ''
        if (filters[name] !== value) filters[name] = value
      }
    },
  )

  void reload()
  return { filters, rows, total, pages, page, state, error, reload, clear, go }
}
