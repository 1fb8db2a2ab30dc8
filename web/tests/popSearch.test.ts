// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { createApp, nextTick } from 'vue'
import { createRouter, createMemoryHistory } from 'vue-router'
import { afterEach, describe, expect, it, vi } from 'vitest'
import PopSearch from '../src/components/PopSearch.vue'
import { i18n } from '../src/i18n'
import { useWork, type Tab } from '../src/stores/work'

let app: ReturnType<typeof createApp> | null = null
afterEach(() => app?.unmount())

const who = (id: number) => ({ id, name: `c${id}`, title: '', kind: 'person', level: 'normal', store: 1 })
const MATCHES = [
  { by: 'plate_part', customer: who(11), car: { id: 1, plate: 'A12345', model: '', vin: '' } },
  { by: 'plate_part', customer: who(12), car: { id: 2, plate: 'B12345', model: '', vin: '' } },
]
async function search(others: object[] = []) {
  document.body.innerHTML = '<div id="app"></div>'
  const asked: string[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url)
    asked.push(url.pathname + url.search)
    const id = Number(url.pathname.split('/')[3])
    return Response.json(url.pathname === '/api/identify' ? MATCHES : { known: true, customer: who(id), cars: [], other_matches: [], calls: [] })
  })
  app = createApp(PopSearch, { tab: { id: 'call', call: {}, pop: { customer: who(10), other_matches: others, cars: [], calls: [] } } as unknown as Tab })
  app.use(createPinia()).use(i18n).use(createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { template: '<i />' } }] })).mount('#app')
  const work = useWork()
  work.active = 'call'
  const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 5))
  const key = async (name: string): Promise<void> => {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }))
    await turn()
  }
  return { asked, key, turn }
}

describe('who rings, when several may be meant', () => {
  it('the second hit comes with the car he was found by', async () => {
    const { asked, key, turn } = await search()
    const input = document.querySelector<HTMLInputElement>('[data-testid="pop-search"]')!
    input.value = '12345'
    input.dispatchEvent(new Event('input', { bubbles: true }))
    await nextTick()
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await turn()
    await turn()
    expect(document.querySelectorAll('[data-testid="pop-person"]')).toHaveLength(2)
    await key('2')
    expect(asked).toEqual(['/api/identify?q=12345', '/api/customers/12/file?car=2'])
  })
  it('another of the same number comes with whatever he most likely rings about', async () => {
    const { asked, key } = await search([who(20), who(21)])
    await key('2')
    expect(asked).toEqual(['/api/customers/21/file'])
  })
})
