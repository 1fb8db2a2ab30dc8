import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionInfo } from '@/api/types'
import { withoutNetwork } from '@/lib/phonePage'
import { useSession } from '@/stores/session'

describe('who sits at a telephone without a network', () => {
  beforeEach(() => {
    localStorage.clear()
    setActivePinia(createPinia())
  })

  it('is who sat there last, without the key to change anything', () => {
    const session = useSession()
    expect(session.recall()).toBe(false)
    session.info = { signed_in: true, csrf: 'secret', person: { id: 7, name: '宋佳宁' } } as unknown as SessionInfo
    session.keep()
    expect(JSON.stringify(localStorage)).not.toContain('secret')
    setActivePinia(createPinia())
    expect(useSession().recall()).toBe(true)
    expect(useSession().person?.id).toBe(7)
  })

  it('sees nothing of the list of who sat there before and never signed out; his drafts wait for him', () => {
    const session = useSession()
    for (const key of ['list.7', 'list.8', '7.1']) localStorage.setItem(`dealerline.mobile.${key}`, '{}')
    session.info = { signed_in: true, csrf: '', person: { id: 8 } } as unknown as SessionInfo
    session.keep()
    expect(Object.keys(localStorage).sort()).toEqual(['dealerline.mobile.7.1', 'dealerline.mobile.list.8', 'dealerline.mobile.session'])
  })

  it('is forgotten with the list of customers when he signs out; what waits to be sent is not touched', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}', { status: 200, headers: { 'Content-Type': 'application/json' } })))
    vi.spyOn(location, 'assign').mockImplementation(() => undefined)
    const session = useSession()
    session.info = { signed_in: true, csrf: '', person: { id: 7 } } as unknown as SessionInfo
    session.keep()
    localStorage.setItem('dealerline.mobile.list.7', '[{"name":"张三"}]')
    localStorage.setItem('dealerline.mobile.7.1', '{"text":"draft"}')
    await session.signOut()
    expect(Object.keys(localStorage)).toEqual(['dealerline.mobile.7.1'])
    vi.unstubAllGlobals()
  })
})

describe('the page that opens without a network', () => {
  it('is kept also for who came from the sign-in page, which is not the worker’s, once the worker works', async () => {
    const told: unknown[] = []
    const worker = Object.assign(new EventTarget(), { state: 'installing', postMessage: (what: unknown) => told.push(what) })
    const register = () => Promise.resolve({ installing: worker, waiting: null, active: null })
    vi.stubGlobal('navigator', { serviceWorker: { register, ready: new Promise(() => undefined) } })
    const done = withoutNetwork()
    await Promise.resolve()
    expect(told).toEqual([])
    worker.state = 'activated'
    worker.dispatchEvent(new Event('statechange'))
    await done
    expect(told).toEqual([{ files: [] }])
    vi.unstubAllGlobals()
  })
})
