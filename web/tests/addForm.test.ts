// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { createApp, nextTick } from 'vue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/http'
import AddForm, { type Asked } from '../src/components/AddForm.vue'
import { i18n } from '../src/i18n'
import { byIds, withOwn } from '../src/lib/fileOf'
import { fieldMoment, momentOf } from '../src/lib/time'

let app: ReturnType<typeof createApp> | null = null
afterEach(() => app?.unmount())

const turn = (): Promise<void> => new Promise((done) => setTimeout(done))
const ASKED: Asked[] = [
  { name: 'text', label: 'Text' },
  { name: 'price', label: 'Price', kind: 'number' },
  { name: 'declined', label: 'Declined', kind: 'check' },
  { name: 'why', label: 'Why', when: (values) => !!values.declined },
]
async function form(save: (values: never) => Promise<unknown>, again = false) {
  document.body.innerHTML = '<div id="app"></div>'
  const close = vi.fn()
  app = createApp(AddForm, { asked: ASKED, save, again, onClose: close })
  app.component('ElButton', { template: '<button><slot /></button>' })
  app.use(createPinia()).use(i18n).mount('#app')
  await nextTick()
  await nextTick()
  const field = (name: string): HTMLInputElement => document.querySelector<HTMLInputElement>(`[name="${name}"]`)!
  const type = (name: string, text: string): void => {
    field(name).value = text
    field(name).dispatchEvent(new Event('input', { bubbles: true }))
  }
  const enter = async (): Promise<void> => {
    document.querySelector('form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
    await turn()
  }
  return { field, type, enter, close }
}

describe('a new row written in a line', () => {
  it('has the cursor in its first field, says what was filled, and closes', async () => {
    const save = vi.fn(async () => undefined)
    const { field, type, enter, close } = await form(save as never)
    expect(document.activeElement).toBe(field('text'))
    type('text', ' brake pads ')
    type('price', '1,280.5')
    await enter()
    expect(save).toHaveBeenCalledWith({ text: 'brake pads', price: '1280.5', declined: false })
    expect(close).toHaveBeenCalled()
  })
  it('keeps what was typed when it is refused, with why at its field', async () => {
    const refuse = vi.fn(async () => Promise.reject(new ApiError(400, 'invalid', null, { price: { zh: 'zh', en: 'too much' } })))
    const { field, type, enter, close } = await form(refuse as never)
    type('text', 'brakes')
    type('price', 'dear')
    await enter()
    expect(refuse).not.toHaveBeenCalled()
    type('price', '99999999999')
    await enter()
    expect(field('text').value).toBe('brakes')
    expect(field('price').getAttribute('aria-invalid')).toBe('true')
    expect(close).not.toHaveBeenCalled()
  })
  it('asks why only where it was declined, and stays open, empty again, for one more', async () => {
    const save = vi.fn(async () => undefined)
    const { field, type, enter, close } = await form(save as never, true)
    expect(field('why')).toBeNull()
    type('text', 'brakes')
    field('declined').click()
    await nextTick()
    type('why', 'dear')
    await enter()
    expect(save).toHaveBeenCalledWith({ text: 'brakes', declined: true, why: 'dear' })
    await turn()
    expect(field('text').value).toBe('')
    expect(close).not.toHaveBeenCalled()
  })
})

describe('rows that name other rows', () => {
  it('are edited by ids and shown by names; a changed row alone is left as it is', () => {
    const read = byIds('car', 'adviser')
    expect(read({ id: 1, car: { id: 7, plate: '', model: 'X', vin: 'V' }, adviser: null })).toEqual({ id: 1, car: 7, car_named: 'X', adviser: 0, adviser_named: '' })
    expect(read({ id: 1, adviser: 5 })).toEqual({ id: 1, adviser: 5 })
  })
  it('offer whoever is chosen though he left', () => {
    expect(withOwn([{ value: 1, label: 'A' }], 2, 'B')).toHaveLength(2)
    expect(withOwn([{ value: 1, label: 'A' }], 1, 'A')).toHaveLength(1)
    expect(withOwn([{ value: 1, label: 'A' }], 0, '')).toHaveLength(1)
  })
  it('go from moment to field and back', () => {
    expect(momentOf(fieldMoment('2026-11-29T08:05:00Z'))).toBe('2026-11-29T08:05:00.000Z')
    expect(fieldMoment(null)).toBe('')
    expect(momentOf('')).toBeNull()
  })
})
