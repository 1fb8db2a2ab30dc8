import { createApp, defineComponent, h, nextTick, type App } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const asked = vi.hoisted(() => ({ looked: [] as string[], made: [] as { name: string; title: string; phone: string }[], refused: null as object | null }))
vi.mock('../src/api/http', async (original) => {
  const real = await original<typeof import('../src/api/http')>()
  const there = [{ id: 7, name: '李四', phones: [{ number: '+8613800000007' }] }, { id: 8, name: '李四光', phones: [] }]
  return {
    ...real,
    api: {
      GET: (_: string, what: { params: { query: { q: string } } }) => (asked.looked.push(what.params.query.q), Promise.resolve({ data: { items: what.params.query.q.startsWith('138') ? [there[0]] : there }, response: new Response() })),
      POST: (_: string, what: { body: { name: string; title: string; phone: string } }) => (asked.refused ? Promise.reject(new real.ApiError(400, 'invalid', asked.refused as never)) : (asked.made.push(what.body), Promise.resolve({ data: { id: asked.made.length, ...what.body }, response: new Response() }))),
    },
  }
})

const { i18n } = await import('../src/i18n')
const { useNewCustomer } = await import('../src/lib/useNewCustomer')

describe('somebody new who did not ring', () => {
  let app: App
  let who: ReturnType<typeof useNewCustomer>

  beforeEach(() => {
    vi.useFakeTimers()
    Object.assign(asked, { looked: [], made: [], refused: null })
    i18n.global.locale.value = 'zh'
    app = createApp(defineComponent({ setup: () => ((who = useNewCustomer()), () => h('div')) })).use(i18n)
    app.mount(document.createElement('div'))
  })
  afterEach(() => {
    app.unmount()
    vi.useRealTimers()
  })

  it('is called as his name says, and saved once however often it is pressed', async () => {
    who.form.name = '王先生'
    who.form.phone = ' 13900000001 '
    await nextTick()
    expect(await who.save()).toMatchObject({ id: 1, name: '王' })
    expect(await who.save()).toMatchObject({ id: 1 })
    expect(asked.made).toMatchObject([{ name: '王', title: '先生', phone: '13900000001' }])
  })

  it('without a name is nobody', async () => {
    expect(await who.save()).toBeNull()
    expect(who.problems.value.name).toBeTruthy()
    expect(asked.made).toEqual([])
  })

  it('who is in the files by number or by that very name is shown while one types', async () => {
    who.form.name = '李四'
    who.form.phone = '138 0000 0007'
    await nextTick()
    await vi.advanceTimersByTimeAsync(300)
    expect(who.known.value.map((one) => [one.customer.id, one.by])).toEqual([[7, 'phone']])
    who.form.phone = ''
    await nextTick()
    await vi.advanceTimersByTimeAsync(300)
    expect(who.known.value.map((one) => [one.customer.id, one.by])).toEqual([[7, 'name']])
  })

  it('a form of address is taken and taken back, and a company has none', () => {
    who.choose('ms')
    expect(who.form.title).toBe('女士')
    who.choose('company')
    expect([who.form.kind, who.form.title]).toEqual(['company', ''])
    who.choose('company')
    expect(who.form.kind).toBe('person')
  })
})
