import { createApp, defineComponent, effectScope, h, nextTick, ref, type App, type EffectScope, type Ref } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/http'
import CustomerPick from '../src/components/customer/CustomerPick.vue'
import { i18n, setLanguage } from '../src/i18n'
import { useChoice, useLookup, type Lookup } from '../src/lib/useLookup'
import { createPinia } from 'pinia'

const REST = 250 // a little more than the typing has to rest

describe('looking something up while one types', () => {
  let scope: EffectScope
  let text: Ref<string>
  let lookup: Lookup<string[]>
  let asked: { q: string; signal: AbortSignal; answer: (found: string[]) => void; fail: (failure: Error) => void }[]
  const taken = vi.fn()
  let choice: ReturnType<typeof useChoice<string>>

  beforeEach(() => {
    vi.useFakeTimers()
    setLanguage('en')
    taken.mockClear()
    asked = []
    text = ref('')
    scope = effectScope()
    scope.run(() => {
      lookup = useLookup(() => text.value.trim(), (q, signal) => new Promise((answer, fail) => asked.push({ q, signal, answer, fail })))
      choice = useChoice(() => lookup.found.value ?? [], lookup, taken)
    })
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })
  async function type(what: string): Promise<void> {
    text.value = what
    await nextTick()
  }
  async function answered(which: number, found: string[]): Promise<void> {
    asked[which]!.answer(found)
    await vi.advanceTimersByTimeAsync(0)
  }
  async function press(key: string): Promise<KeyboardEvent> {
    const event = new KeyboardEvent('keydown', { key, cancelable: true })
    choice.keyed(event)
    await vi.advanceTimersByTimeAsync(0)
    return event
  }

  it('asks once, when the typing rests', async () => {
    for (const word of ['w', 'wa', 'wang']) {
      await type(word)
      await vi.advanceTimersByTimeAsync(50)
    }
    expect([asked.length, lookup.looking.value]).toEqual([0, true])
    await vi.advanceTimersByTimeAsync(REST)
    expect(asked.map((one) => one.q)).toEqual(['wang'])
    await answered(0, ['Wang'])
    expect([lookup.found.value, lookup.looking.value]).toEqual([['Wang'], false])
  })

  it('drops the answer to an older question, however late it comes', async () => {
    await type('wang')
    await vi.advanceTimersByTimeAsync(REST)
    await type('wang f')
    expect(asked[0]!.signal.aborted).toBe(true)
    await vi.advanceTimersByTimeAsync(REST)
    await answered(1, ['Wang Fang'])
    await answered(0, ['Wang Wu'])
    expect(lookup.found.value).toEqual(['Wang Fang'])
  })

  it('with nothing typed has found nothing, at once, and asks nothing', async () => {
    await type('wang')
    await vi.advanceTimersByTimeAsync(REST)
    await answered(0, ['Wang'])
    await type('  ')
    expect([lookup.found.value, lookup.looking.value]).toEqual([null, false])
    await vi.advanceTimersByTimeAsync(REST)
    expect(asked).toHaveLength(1)
  })

  it('says in words why there is no answer, and shows nobody of an older one', async () => {
    await type('wang')
    await vi.advanceTimersByTimeAsync(REST)
    await answered(0, ['Wang'])
    await type('wang f')
    await vi.advanceTimersByTimeAsync(REST)
    asked[1]!.fail(new ApiError(0, 'offline', null))
    await vi.advanceTimersByTimeAsync(0)
    expect([lookup.found.value, lookup.looking.value, lookup.problem.value]).toEqual([null, false, i18n.global.t('error.offline')])
    await type('wang fa')
    await vi.advanceTimersByTimeAsync(REST)
    await answered(2, [])
    expect([lookup.found.value, lookup.problem.value]).toEqual([[], ''])
  })

  it('arrows go through what is found and stop at its ends, Enter takes', async () => {
    await type('wang')
    await vi.advanceTimersByTimeAsync(REST)
    await answered(0, ['Wang Fang', 'Wang Wu'])
    for (const key of ['ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowDown']) expect((await press(key)).defaultPrevented).toBe(true)
    expect(choice.here.value).toBe(1)
    await press('Enter')
    expect(taken.mock.calls).toEqual([['Wang Wu']])
    expect((await press('a')).defaultPrevented).toBe(false)
  })

  it('Enter that comes before the answer takes nobody found by less than is typed', async () => {
    await type('wang')
    await vi.advanceTimersByTimeAsync(REST)
    await answered(0, ['Wang Wu', 'Wang Fang'])
    await type('wang f')
    await press('Enter') // asks at once
    expect(asked).toHaveLength(2)
    await answered(1, ['Wang Fang', 'Wang Fei'])
    expect(taken).not.toHaveBeenCalled() // two: he has to choose
    await type('wang fa')
    await press('Enter')
    await answered(2, ['Wang Fang'])
    expect(taken.mock.calls).toEqual([['Wang Fang']])
  })
})

describe('one of the customers, picked', () => {
  let app: App
  let answer: () => Promise<Response>
  const picked = vi.fn()
  const who = (id: number, name: string) => ({ id, name, title: '', company: '', store: 1, phones: [] })
  const field = (): HTMLInputElement => document.querySelector<HTMLInputElement>('[data-testid="customer-pick"]')!
  const shown = (): string[] => [...document.querySelectorAll('li')].map((one) => one.textContent!.trim())
  async function type(text: string): Promise<void> {
    field().value = text
    field().dispatchEvent(new Event('input'))
    await nextTick()
  }

  beforeEach(() => {
    setLanguage('en')
    picked.mockClear()
    vi.stubGlobal('fetch', () => answer())
    document.body.innerHTML = '<div id="app"></div>'
    app = createApp(defineComponent({ render: () => h(CustomerPick, { label: 'Who', but: 3, onPick: picked }) }))
    app.use(createPinia()).use(i18n).mount('#app')
  })
  afterEach(() => {
    app.unmount()
    vi.unstubAllGlobals()
  })

  it('says that it looks, who there is but himself, and forgets what was typed once one is taken', async () => {
    answer = async () => Response.json({ items: [who(3, 'Wang'), who(4, 'Wang Wu'), who(5, 'Wang Fang')] })
    await type('wang')
    expect(shown()).toEqual([i18n.global.t('common.looking')])
    await vi.waitFor(() => expect(shown()).toEqual(['Wang Wu', 'Wang Fang']))
    for (const key of ['ArrowDown', 'Enter']) field().dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }))
    await nextTick()
    expect(picked.mock.calls.map(([one]) => (one as { id: number }).id)).toEqual([5])
    await nextTick()
    expect([field().value, shown()]).toEqual(['', []])
  })

  it('says that nobody is found, and why it could not look', async () => {
    answer = async () => Response.json({ items: [] })
    await type('nobody')
    field().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' })) // asks at once
    await vi.waitFor(() => expect(shown()).toEqual([i18n.global.t('customers.noMatch')]))
    answer = async () => Promise.reject(new TypeError('no network'))
    await type('nobody at')
    field().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }))
    await vi.waitFor(() => expect(shown()).toEqual([i18n.global.t('error.offline')]))
  })
})
