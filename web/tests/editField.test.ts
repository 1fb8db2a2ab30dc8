// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { createApp, nextTick } from 'vue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import EditField from '../src/components/EditField.vue'
import { i18n } from '../src/i18n'
import { useRow } from '../src/lib/useRow'

vi.stubGlobal('fetch', async () => new Response('[]', { headers: { 'content-type': 'application/json' } }))
let app: ReturnType<typeof createApp> | null = null
afterEach(() => app?.unmount())

async function field(value: unknown, kind: 'text' | 'number' | 'words' | 'choice' = 'text', choices: { value: number | boolean; label: string }[] = []) {
  document.body.innerHTML = '<div id="app"></div>'
  const write = vi.fn(async (changes: Record<string, unknown>, version: number) => ({ ...changes, version: version + 1 }))
  const edit = useRow({ f: value, version: 1 }, write)
  app = createApp(EditField, { edit, field: 'f', label: 'F', kind, choices })
  app.use(createPinia()).use(i18n).mount('#app')
  const opener = (): HTMLElement => document.querySelector<HTMLElement>('[data-open]')!
  const input = (): HTMLInputElement => document.querySelector<HTMLInputElement>('[data-input]')!
  opener().click()
  await nextTick()
  await nextTick()
  const write2 = async (text: string, key: string): Promise<void> => {
    input().value = text
    input().dispatchEvent(new Event('input', { bubbles: true }))
    input().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    await new Promise((done) => setTimeout(done))
  }
  return { edit, write, opener, input, type: write2 }
}

describe('a field edited where it stands', () => {
  it('has the cursor at once, and Enter saves at the version it was read at', async () => {
    const { write, input, type, opener } = await field('a')
    expect(document.activeElement).toBe(input())
    await type('b', 'Enter')
    expect(write).toHaveBeenCalledWith({ f: 'b' }, 1)
    expect(opener().textContent).toContain('b')
  })
  it('gives back what was there on Esc, and saves nothing that was not changed', async () => {
    const first = await field('a')
    await first.type('b', 'Escape')
    expect(first.write).not.toHaveBeenCalled()
    expect(first.opener().textContent).toContain('a')
    app?.unmount()
    const second = await field('1000.50', 'number')
    await second.type('1000.50', 'Enter')
    expect(second.write).not.toHaveBeenCalled()
  })
  it('keeps what can be no number in the field and says so', async () => {
    const { write, input, type, edit } = await field(5, 'number')
    await type('five', 'Enter')
    expect(write).not.toHaveBeenCalled()
    expect(input().value).toBe('five')
    expect(edit.problems.f).toBeTruthy()
    await type('12,000', 'Enter')
    expect(write).toHaveBeenCalledWith({ f: 12000 }, 1)
  })
  it('shows mine beside what a colleague wrote while it was open', async () => {
    const { edit, write, type } = await field('')
    edit.fresh({ f: 'theirs', version: 2 })
    await type('mine', 'Enter')
    expect(write).not.toHaveBeenCalled()
    expect(document.querySelector('[data-testid="both"]')?.textContent).toMatch(/mine.*theirs/s)
    document.querySelector<HTMLElement>('[data-testid="keep-mine"]')!.click()
    await new Promise((done) => setTimeout(done))
    expect(write).toHaveBeenCalledWith({ f: 'mine' }, 2)
  })
  it('has labels as chips: Enter puts one on, Backspace takes the last off, Enter alone saves', async () => {
    const { write, input, type } = await field(['new', 'vip'], 'words')
    await type('', 'Backspace')
    await type('fleet', 'Enter')
    expect([...document.querySelectorAll('.chip')].map((one) => one.textContent)).toEqual(['new×', 'fleet×'])
    await type('', 'Enter')
    expect(write).toHaveBeenCalledWith({ f: ['new', 'fleet'] }, 1)
    expect(input()).toBeNull()
  })
  it('writes a choice as what it is, not as a word', async () => {
    const { write, input } = await field(false, 'choice', [{ value: false, label: 'done' }, { value: true, label: 'declined' }])
    input().value = 'true'
    input().dispatchEvent(new Event('change', { bubbles: true }))
    await new Promise((done) => setTimeout(done))
    expect(write).toHaveBeenCalledWith({ f: true }, 1)
  })
})
