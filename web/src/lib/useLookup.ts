import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { api, ApiError, ok } from '@/api/http'
import type { CustomerShort } from '@/api/types'
import { inWords } from '@/i18n'

/** Milliseconds of rest after which what is typed is asked for. */
export const REST = 200

export interface Lookup<A> {
  /** The answer to what stands there; the older one while the newer is under way; null where nothing is looked for. */
  found: ShallowRef<A | null>
  /** Something is typed that is not answered yet. */
  looking: Ref<boolean>
  /** Why there is no answer, in words. */
  problem: Ref<string>
  /** Asks now instead of after the rest. */
  now: () => Promise<void>
}

/**
 * Looks something up while it is typed: asks once the typing rests, and shows no answer to an older question as one to the newer.
 * `question` is watched; empty, there is nothing to look for, and what was found goes at once.
 */
export function useLookup<A>(question: () => string, ask: (question: string, signal: AbortSignal) => Promise<A>): Lookup<A> {
  const found = shallowRef<A | null>(null)
  const looking = ref(false)
  const problem = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked: AbortController | null = null

  function drop(): void {
    clearTimeout(timer)
    asked?.abort()
    asked = null
  }
  async function now(): Promise<void> {
    drop()
    const q = question()
    if (!q) return
    looking.value = true
    const mine = (asked = new AbortController())
    try {
      const answer = await ask(q, mine.signal)
      if (mine.signal.aborted) return
      found.value = answer
      problem.value = ''
    } catch (failure) {
      if (mine.signal.aborted) return
      if (!(failure instanceof ApiError)) throw failure
      found.value = null // what an older question found would be taken for the answer to this one
      problem.value = inWords(failure)
    } finally {
      if (mine === asked) looking.value = false
    }
  }
  watch(
    question,
    (q) => {
      drop()
      looking.value = !!q
      if (q) timer = setTimeout(() => void now(), REST)
      else [found.value, problem.value] = [null, '']
    },
    { immediate: true },
  )
  onScopeDispose(drop)
  return { found, looking, problem, now }
}

/** Customers by name, pinyin, number or plate, while that is typed. */
export const useCustomers = (question: () => string): Lookup<CustomerShort[]> =>
  useLookup(question, (q, signal) => ok(api.GET('/api/customers', { params: { query: { q } }, signal })).then((page) => page.items))

/**
 * Arrows and Enter through what is found. Enter before the answer is there asks at once, and takes what comes only where it is the only
 * one: nobody is taken who was found by less than what is typed.
 */
export function useChoice<T>(rows: () => T[], lookup: Pick<Lookup<unknown>, 'looking' | 'now'>, take: (row: T) => void) {
  const here = ref(0)
  watch(rows, () => (here.value = 0))
  async function enter(): Promise<void> {
    const early = lookup.looking.value
    if (early) await lookup.now()
    if (lookup.looking.value || (early && rows().length !== 1)) return
    const row = rows()[here.value]
    if (row !== undefined) take(row)
  }
  function keyed(event: KeyboardEvent): void {
    if (event.key === 'ArrowDown') here.value = Math.max(0, Math.min(rows().length - 1, here.value + 1))
    else if (event.key === 'ArrowUp') here.value = Math.max(0, here.value - 1)
    else if (event.key === 'Enter') void enter()
    else return
    event.preventDefault()
  }
  return { here, keyed }
}
