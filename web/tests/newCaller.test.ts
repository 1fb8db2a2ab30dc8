// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { createApp, nextTick, reactive } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import NewCallerForm from '../src/components/NewCallerForm.vue'
import { i18n, setLanguage } from '../src/i18n'
import { leaveComposing } from '../src/lib/composing'
import { doubles, readName } from '../src/lib/newCaller'
import type { Tab } from '../src/stores/work'

describe('a name that is typed fast', () => {
  it('is told from the form of address, in both languages', () => {
    expect(readName('王先生')).toEqual({ name: '王', title: 'mr', company: false })
    expect(readName('欧阳女士')).toEqual({ name: '欧阳', title: 'ms', company: false })
    expect(readName('Ms. Li')).toEqual({ name: 'Li', title: 'ms', company: false })
    expect(readName(' 阿依古丽·买买提 ')).toEqual({ name: '阿依古丽·买买提', title: null, company: false })
  })
  it('stays whole where it is nothing else, and a company is known by its end', () => {
    expect(readName('先生').name).toBe('先生')
    expect(readName('上海远航物流有限公司')).toMatchObject({ title: null, company: true })
  })
})

describe('who is there already', () => {
  it('puts the same name and plate first, and never those who are only alike', () => {
    const found = doubles('王芳', [{ id: 1, name: '李强' }, { id: 2, name: '王芳' }], [{ id: 2, name: '王芳', store: 1 }, { id: 3, name: '王芳', store: 2 }, { id: 4, name: '王芳芳', store: 2 }])
    expect(found.map((one) => [one.id, one.by])).toEqual([[2, 'both'], [1, 'plate'], [3, 'name']])
  })
})

describe('the form', () => {
  let sent: Record<string, unknown>[] = []
  let keys = 0
  let app: ReturnType<typeof createApp>
  let tab: Tab
  const field = (name: string): HTMLInputElement => document.querySelector<HTMLInputElement>(`[data-testid="${name}"]`)!
  const answers = (path: string): unknown => {
    if (path.startsWith('/api/car-facts')) return { vin: '', vin_problem: null, vin_impossible: false, maker: null, year: null, model: '', brand_id: null, plate: '沪A12345', plate_kind: { zh: '普通', en: 'ordinary' }, plate_problem: null, plate_meant: '', there: [] }
    if (path.startsWith('/api/customers?')) return { items: [], total: 0, page: 1, pages: 1 }
    return { id: 9, name: '王', title: '先生', phones: [], labels: [], cars: [], version: 1 }
  }
  /** Pressed as on a keyboard; what a key's handler does not keep for itself is written. */
  async function press(key: string): Promise<void> {
    keys += 1
    const at = document.activeElement as HTMLInputElement
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
    at.dispatchEvent(event)
    if (event.defaultPrevented) return
    if (key === 'Tab') {
      const all = [...document.querySelectorAll<HTMLElement>('input:not([disabled]), select, button:not([tabindex="-1"])')]
      all[all.indexOf(at) + 1]?.focus()
    } else if (key === 'Enter') at.form?.requestSubmit()
    else {
      at.value += key
      at.dispatchEvent(new Event('input', { bubbles: true }))
    }
    await nextTick()
  }
  /** A Chinese word costs its pinyin and one key to choose it. */
  async function type(text: string, strokes = text.length): Promise<void> {
    keys += strokes - text.length
    for (const letter of text) await press(letter)
  }

  beforeEach(async () => {
    sent = []
    keys = 0
    sessionStorage.clear()
    setLanguage('zh')
    vi.stubGlobal('fetch', async (input: Request) => {
      if (input.method === 'POST') sent.push((await input.clone().json()) as Record<string, unknown>)
      const url = new URL(input.url)
      return new Response(JSON.stringify(answers(url.pathname + url.search)), { status: 200, headers: { 'Content-Type': 'application/json' } })
    })
    const pinia = createPinia()
    setActivePinia(pinia)
    const text = { zh: '浦东店', en: 'Pudong' }
    tab = reactive({ id: 'c1', pop: null, popState: 'ready', unfinished: false, drawn: true, call: { id: 'c1', number: '+8613900001111', store: 2, store_name: text, line_name: text, phase: 'talking' } }) as unknown as Tab
    document.body.innerHTML = '<div id="app"></div>'
    app = createApp(NewCallerForm, { tab })
    app.use(pinia).use(i18n).use(createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { render: () => null } }] })).mount('#app')
    await nextTick()
    await nextTick()
  })
  afterEach(() => {
    app.unmount()
    vi.unstubAllGlobals()
  })

  it('makes a customer with car and matter in less than forty keys, so in less than twenty seconds at two keys a second', async () => {
    expect(document.activeElement).toBe(field('new-name'))
    await type('王', 5) // wang and a space
    await press('1')
    await press('Tab')
    await type('沪a12345', 8)
    await press('Tab')
    await type('id3')
    await press('Tab')
    await type('试驾', 8)
    await press('Enter')
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({ name: '王', title: '先生', kind: 'person', plate: '沪a12345', model: 'id3', need: '试驾', phone: '+8613900001111', store: 2, call: 'c1' })
    expect(keys).toBe(29) // as docs/howto/customer-file.md tells
  })
  it('makes a plate of the digits he keyed once its letters are typed, and saves with the next Enter', async () => {
    tab.call.keyed = { customer: null, car: null, by: 'nobody', among: [], digits: '12345' }
    await nextTick()
    await type('王', 5)
    await press('Tab')
    await type('沪a', 4)
    await press('Enter')
    expect(field('new-plate').value).toBe('沪A12345')
    await press('Enter')
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({ name: '王', plate: '沪A12345' })
    expect(keys).toBe(12)
  })
  it('saves by Ctrl+Enter with the plate as it is written', async () => {
    tab.call.keyed = { customer: null, car: null, by: 'nobody', among: [], digits: '12345' }
    await type('王', 5)
    await press('Tab')
    await type('沪a', 4)
    field('new-plate').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }))
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]).toMatchObject({ plate: '沪a' })
  })
  it('saves nothing without a name, and says so at the field', async () => {
    await press('Enter')
    expect(sent).toEqual([])
    expect(document.querySelector('.el-form-item__error')?.textContent).toBeTruthy()
  })
  it('leaves figures alone while a Chinese word is being put together', async () => {
    leaveComposing() // as main.ts does for every page
    const event = new KeyboardEvent('keydown', { key: '2', bubbles: true, cancelable: true, isComposing: true })
    field('new-name').dispatchEvent(event)
    expect(event.defaultPrevented).toBe(false)
    expect(document.querySelector('[data-testid="new-title-2"]')?.getAttribute('aria-pressed')).toBe('false')
  })
})
