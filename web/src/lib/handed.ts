/** Leads that one was given while no page was open to tell of it: asked once, when a page begins. */
import { api, ok } from '@/api/http'
import type { Handed } from '@/api/types'

/** Those since the last look from this browser, or null where there are none or it never looked. A look that fails is made up for by the next. */
export async function handedSince(person: number): Promise<Handed | null> {
  const key = `dealerline.handed.${person}`
  try {
    const since = localStorage.getItem(key)
    const found = await ok(api.GET('/api/leads/handed', { params: { query: { since: since ?? new Date().toISOString() } } }))
    localStorage.setItem(key, found.now)
    return since && found.leads ? found : null
  } catch {
    return null
  }
}
