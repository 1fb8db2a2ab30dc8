import { createPinia, setActivePinia } from 'pinia'
import { createApp, h, nextTick, type App } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PromiseIn } from '../src/api/types'

const told = vi.hoisted(() => ({ made: [] as PromiseIn[] }))
vi.mock('../src/api/http', async (original) => {
  const real = await original<typeof import('../src/api/http')>()
  return { ...real, api: { GET: () => Promise.reject(new real.ApiError(0, 'offline', null)), POST: (_: string, what: { body: PromiseIn }) => (told.made.push(what.body), Promise.resolve({ data: what.body, response: new Response() })) } }
})

const { i18n } = await import('../src/i18n')
const { usePromises } = await import('../src/stores/promises')
const PromisePanel = (await import('../src/components/PromisePanel.vue')).default

describe('a promise by keys', () => {
  let app: App
  let host: HTMLElement
  const id = (name: string): HTMLElement => host.querySelector<HTMLElement>(`[data-testid="${name}"]`)!
  const press = async (key: string, on = 'promise-times'): Promise<void> => {
    id(on).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    await nextTick()
  }

  beforeEach(async () => {
    vi.useFakeTimers({ now: new Date(2026, 10, 30, 9, 0), toFake: ['Date'] })
    localStorage.clear()
    told.made = []
    const pinia = createPinia()
    setActivePinia(pinia)
    host = document.body.appendChild(document.createElement('div'))
    const about = { call: 'c1', store: 1, line: 11, second: 42, customer: { id: 5, name: '张三' }, cars: [{ id: 7, plate: '沪A12345', model: '' }] }
    app = createApp({ render: () => h(PromisePanel, { about }) }).use(pinia).use(i18n)
    app.component('ElButton', { template: '<button type="submit"><slot /></button>' })
    usePromises().about = about
    app.mount(host)
    await nextTick()
  })
  afterEach(() => {
    app.unmount()
    host.remove()
    vi.useRealTimers()
  })

  it('is made by Enter alone: ring back in an hour, for his only car, at the second when the key was pressed', async () => {
    await press('Enter')
    expect(told.made).toHaveLength(1)
    expect(told.made[0]).toMatchObject({ what: 'ring_back', call: 'c1', second: 42, customer: 5, car: 7, due_at: new Date(2026, 10, 30, 10, 0).toISOString() })
    expect(usePromises().about).toBeNull()
  })

  it('takes a digit for when and an arrow for what', async () => {
    await press('4')
    await press('ArrowRight')
    await press('Enter')
    expect(told.made[0]).toMatchObject({ what: 'quote', due_at: new Date(2026, 10, 30, 18, 0).toISOString() })
  })

  it('says what is missing instead of making half a promise; digits typed into the words choose nothing', async () => {
    await press('ArrowLeft') // something else
    await press('3', 'promise-text')
    await press('Enter')
    expect(told.made).toEqual([])
    expect(host.querySelector('[role="alert"]')!.textContent).not.toBe('')
    const field = id('promise-text') as HTMLInputElement
    field.value = '请经理致歉'
    field.dispatchEvent(new Event('input'))
    await press('Enter', 'promise-text')
    expect(told.made[0]).toMatchObject({ what: 'other', text: '请经理致歉', due_at: new Date(2026, 10, 30, 10, 0).toISOString() })
  })

  it('says that opening hours are not known while the server does not answer', async () => {
    await Promise.resolve()
    await nextTick()
    expect(host.textContent).toContain(i18n.global.t('promises.hoursUnknown'))
  })
})
