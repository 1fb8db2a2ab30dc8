// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { createApp, h, nextTick } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const beats = new Set<() => void>()
vi.mock('../src/lib/ticker', () => ({
  everySecond: (beat: () => void) => {
    beats.add(beat)
    return () => beats.delete(beat)
  },
}))
const { readAgain, SELDOM } = await import('../src/lib/reading')
const { onChanged, onFileChanged, tellChanged, tellMissed } = await import('../src/lib/changed')
const { useDesk } = await import('../src/stores/desk')

describe('what was changed', () => {
  it('is told by its kind, and after a while without news everything is read again, once', () => {
    const told: string[] = []
    const app = createApp({
      setup: () => {
        onChanged(['lead', 'task'], (changed) => told.push(`list ${changed.id}`))
        onChanged('lead', (changed) => told.push(`page ${changed.id}`))
        onFileChanged(() => [7], () => told.push('file'))
        return () => h('p')
      },
    })
    vi.useFakeTimers()
    app.mount(document.createElement('div'))
    tellChanged({ kind: 'task', id: '3', customer: null, by: null })
    expect(told.splice(0)).toEqual(['list 3'])
    tellMissed()
    vi.runAllTimers()
    expect(told.splice(0).sort()).toEqual(['file', 'list 0', 'page 0'])
    app.unmount()
    tellMissed()
    vi.runAllTimers()
    expect(told).toEqual([])
    vi.useRealTimers()
  })
})

describe('a page that reads again by itself', () => {
  let read = 0
  let app: ReturnType<typeof createApp>
  const pass = async (seconds: number): Promise<number> => {
    const before = read
    for (let i = 0; i < seconds; i += 1) {
      vi.advanceTimersByTime(1000)
      for (const beat of [...beats]) beat()
    }
    await nextTick()
    return read - before
  }
  beforeEach(() => {
    vi.useFakeTimers()
    read = 0
    const pinia = createPinia()
    setActivePinia(pinia)
    app = createApp({ setup: () => (readAgain(() => (read += 1), 20), () => h('p')) })
    app.use(pinia).mount(document.createElement('div'))
  })
  afterEach(() => {
    const before = beats.size
    app.unmount()
    expect(beats.size).toBe(before - 1)
    vi.useRealTimers()
  })

  it('does so seldom while the switch tells what is changed, and often while it does not', async () => {
    const desk = useDesk()
    desk.link = 'up'
    expect(await pass(SELDOM - 1)).toBe(0)
    expect(await pass(1)).toBe(1)
    desk.link = 'lost'
    expect(await pass(60)).toBe(3)
    desk.link = 'connecting'
    desk.link = 'up'
    expect(await pass(60)).toBe(0)
  })
})
