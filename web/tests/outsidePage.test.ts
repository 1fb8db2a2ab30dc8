import { createPinia, setActivePinia } from 'pinia'
import { createApp, nextTick, type App } from 'vue'
import { createRouter, createMemoryHistory } from 'vue-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const { i18n } = await import('../src/i18n')
const { useSession } = await import('../src/stores/session')
const { default: MobileLeadsPage } = await import('../src/pages/MobileLeadsPage.vue')

type Answer = { status: number; body: unknown } | null

/** A server behind a network that comes and goes. */
function server() {
  const state = { online: true, person: 7 as number | null, sent: [] as { path: string; body: Record<string, unknown> }[], refuse: null as Answer }
  const person = () => (state.person ? { id: state.person, name: '宋佳宁', permissions: ['leads.view', 'leads.edit', 'customers.edit'], roles: ['sales'], stores: [] } : null)
  const lead = (id: number) => ({ id, state: 'active', customer: { id: 3, name: '闻人', title: '先生' }, stage: { name: { zh: '新', en: 'New' } }, owner: { id: 7, name: '宋佳宁' }, brand: null, model: 'Q5L', number: '', need: '', budget_from: null, budget_to: null, next_step: '', next_at: null, can: { contact: true }, events: [] })
  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!state.online) throw new TypeError('Failed to fetch')
    const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
    if (pathname === '/api/session') return json({ signed_in: state.person !== null, person: person(), csrf: 'x', demo: false, setup_needed: false, version: '' })
    if (pathname === '/api/desk/ticket') return json({}, 503) // no switch here
    if (request.method === 'GET') return json(/leads\/\d+$/.test(pathname) ? lead(5) : pathname === '/api/leads/choices' ? { brands: [] } : { items: [], total: 0, page: 1, pages: 1 })
    const body = (await request.json().catch(() => ({}))) as Record<string, unknown>
    if (state.refuse) return json(state.refuse.body, [state.refuse.status, (state.refuse = null)][0]!)
    state.sent.push({ path: pathname, body })
    return json(pathname === '/api/leads' ? lead(5) : { id: 11 })
  }
  return { state, answer }
}

describe('somebody met outside', () => {
  let app: App
  let root: HTMLElement
  let world: ReturnType<typeof server>
  const id = (name: string) => root.querySelector<HTMLElement>(`[data-testid=${name}]`)
  const rest = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) await new Promise((next) => setTimeout(next))
  }
  async function type(name: string, text: string): Promise<void> {
    const field = id(name) as HTMLInputElement
    field.value = text
    field.dispatchEvent(new Event('input'))
    await nextTick()
  }
  async function press(name: string): Promise<void> {
    const target = id(name)!
    if (target.getAttribute('type') === 'submit') target.closest('form')!.dispatchEvent(new Event('submit'))
    else target.click()
    await rest()
  }
  async function open(): Promise<void> {
    setActivePinia(createPinia())
    const session = useSession()
    await session.load().catch(() => session.recall())
    app = createApp(MobileLeadsPage).use(i18n).use(createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { render: () => null } }] }))
    root = document.createElement('div')
    app.mount(root)
    await rest()
  }
  beforeEach(async () => {
    localStorage.clear()
    i18n.global.locale.value = 'zh'
    world = server()
    vi.stubGlobal('fetch', (input: Request) => world.answer(input))
    vi.stubGlobal('WebSocket', class { addEventListener() {} close() {} send() {} })
    await open()
  })
  afterEach(() => {
    app.unmount()
    vi.unstubAllGlobals()
  })

  it('waits with what is written of him until the network is back, then both are there, he first', async () => {
    world.state.online = false
    await press('m-new')
    await type('m-new-name', '闻人先生')
    expect(localStorage.getItem('dealerline.mobile.7.new')).toContain('闻人')
    await press('m-new-save')
    expect(id('m-opened')!.textContent).toContain('待发送')
    await type('m-text', '看了 Q5L')
    await press('m-save')
    expect(id('m-outbox')!.textContent).toContain('2 条待发送')
    expect(world.state.sent).toEqual([])
    world.state.online = true
    window.dispatchEvent(new Event('online'))
    await rest()
    expect(world.state.sent.map((one) => one.path)).toEqual(['/api/leads', '/api/leads/5/events'])
    expect(world.state.sent[0]!.body).toMatchObject({ new_customer: { name: '闻人', title: '先生', anyway: false }, owner: 7 })
    expect(id('m-outbox')).toBeNull()
  })

  it('is asked back when he may be in the files, and is he by one tap', async () => {
    world.state.refuse = { status: 409, body: { code: 'known', text: { zh: '可能已有', en: 'Perhaps' }, fields: {}, known: [{ customer: { id: 3, name: '闻人', title: '先生' }, number: '+86138****5678', by: 'phone' }] } }
    await press('m-new')
    await type('m-new-name', '闻人')
    await press('m-new-save')
    expect(id('m-it-is')!.textContent).toContain('闻人 先生')
    await press('m-it-is')
    expect(world.state.sent[0]!.body).toMatchObject({ customer: 3, new_customer: null })
    expect(id('m-said')!.textContent).toContain('线索已就绪')
  })

  it('has a lead with a colleague by then: joined by one tap, what was written goes there', async () => {
    const held = { lead: 33, owner: '林晓雯', mine: false, store: { zh: '东店', en: 'East' }, customer: 3, brand: null, pool: false, may_join: true }
    world.state.online = false
    await press('m-new')
    await type('m-new-name', '闻人')
    await press('m-new-save')
    await type('m-text', '看了 Q5L')
    await press('m-save')
    Object.assign(world.state, { online: true, refuse: { status: 409, body: { code: 'held', text: { zh: '林晓雯正在跟进', en: 'held' }, fields: {}, held } } })
    window.dispatchEvent(new Event('online'))
    await rest()
    expect(id('m-outbox')!.textContent).toContain('林晓雯')
    expect(id('m-send')).toBeNull() // nothing that could go
    await press('m-held-join')
    expect(world.state.sent.map((one) => one.path)).toEqual(['/api/leads/33/join', '/api/leads/33/events'])
    expect(id('m-outbox')).toBeNull()
  })

  it('is not sent in the name of another who signed in on the telephone meanwhile', async () => {
    const anew = vi.spyOn(location, 'reload').mockImplementation(() => undefined)
    world.state.online = false
    await press('m-new')
    await type('m-new-name', '闻人')
    await press('m-new-save')
    Object.assign(world.state, { online: true, person: 8 })
    window.dispatchEvent(new Event('online'))
    await rest()
    expect([world.state.sent, anew.mock.calls.length > 0]).toEqual([[], true])
  })
})
