import { afterEach, describe, expect, it, vi } from 'vitest'
import { whenIdle } from '../src/lib/idle'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('work for idle moments', () => {
  it('is done soon in a browser that knows no idle callbacks', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.stubGlobal('requestIdleCallback', undefined)
    const work = vi.fn()
    whenIdle(work, 1000)
    expect(work).not.toHaveBeenCalled()
    vi.runAllTimers()
    expect(work).toHaveBeenCalledOnce()
  })

  it('can be called off in either kind of browser', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const work = vi.fn()
    const asked: number[] = []
    vi.stubGlobal('requestIdleCallback', () => 7)
    vi.stubGlobal('cancelIdleCallback', (id: number) => asked.push(id))
    whenIdle(work, 1000)()
    vi.stubGlobal('requestIdleCallback', undefined)
    whenIdle(work, 1000)()
    vi.runAllTimers()
    expect(asked).toEqual([7])
    expect(work).not.toHaveBeenCalled()
  })
})
