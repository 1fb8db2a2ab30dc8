import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { api, ok, useCsrf, whenSignedOut } from '@/api/http'
import type { Me, SessionInfo } from '@/api/types'
import { setLanguage, type Language } from '@/i18n'

const KEPT = 'dealerline.mobile.session'
const LISTS = 'dealerline.mobile.list.'

/** Who sits here. Asked once at start; everything else waits for it. */
export const useSession = defineStore('session', () => {
  const info = ref<SessionInfo | null>(null)
  const person = computed<Me | null>(() => info.value?.person ?? null)
  const signedIn = computed(() => info.value?.signed_in === true)
  const demo = computed(() => info.value?.demo === true)
  const storeNames = computed(() => new Map((person.value?.stores ?? []).map((s) => [s.id, s.name])))
  let loading: Promise<void> | null = null
  /** How far the server's clock is before this machine's, in milliseconds. */
  const skew = ref(0)
  /** Chosen on the sign-in page: wins over what the person had before. */
  let chosen: Language | null = null

  async function ask(signal?: AbortSignal): Promise<void> {
    const answer = api.GET('/api/session', { signal })
    const fresh = await ok(answer)
    info.value = fresh
    if (fresh.csrf) useCsrf(fresh.csrf)
    const told = Date.parse((await answer).response.headers.get('Date') ?? '')
    if (!Number.isNaN(told)) skew.value = told - Date.now()
  }

  /** `signal`: how long one waits for it, where a page is of use without. */
  function load(again = false, signal?: AbortSignal): Promise<void> {
    if (info.value && !again) return Promise.resolve()
    loading ??= ask(signal).finally(() => (loading = null))
    return loading
  }

  /** For the telephone's page, which opens without a network: who sat here last. The server asks again for everything that is sent. */
  function keep(): void {
    if (!info.value?.signed_in) return
    try {
      const mine = `${LISTS}${info.value.person?.id}`
      for (const key of Object.keys(localStorage)) if (key.startsWith(LISTS) && key !== mine) localStorage.removeItem(key) // of who sat here before and never signed out
      localStorage.setItem(KEPT, JSON.stringify({ ...info.value, csrf: '' }))
    } catch {
      // no room: the page does not open without a network, then, and does all else
    }
  }
  function recall(): boolean {
    try {
      info.value ??= JSON.parse(localStorage.getItem(KEPT) ?? 'null') as SessionInfo | null
    } catch {
      localStorage.removeItem(KEPT)
    }
    return info.value !== null
  }
  /** Who signs out leaves no customers' names behind; what still waits to be sent stays, for him alone. */
  function forget(): void {
    for (const key of Object.keys(localStorage)) if (key === KEPT || key.startsWith(LISTS)) localStorage.removeItem(key)
  }

  async function signIn(username: string, password: string, code: string): Promise<void> {
    await ok(api.POST('/api/session', { body: { username, password, code } }))
    await load(true)
    if (chosen) return remember(chosen)
    const wanted = person.value?.language ?? ''
    if (wanted.startsWith('en')) setLanguage('en')
    else if (wanted.startsWith('zh')) setLanguage('zh')
  }

  async function signOut(): Promise<void> {
    forget()
    try {
      await ok(api.DELETE('/api/session'))
    } finally {
      location.assign('/sign-in')
    }
  }

  /** Only a wish: when it cannot be kept, the page still speaks the language chosen. */
  async function remember(value: Language): Promise<void> {
    await api.PATCH('/api/me', { body: { language: value === 'zh' ? 'zh-hans' : 'en' } }).catch(() => undefined)
  }

  async function chooseLanguage(value: Language): Promise<void> {
    setLanguage(value)
    if (signedIn.value) await remember(value)
    else chosen = value
  }

  const may = (permission: string): boolean => person.value?.permissions.includes(permission) ?? false
  const has = (...roles: string[]): boolean => roles.some((role) => person.value?.roles.includes(role))

  /** Who has a desk or a board: the others have no bar of queues. */
  const watches = computed(() => may('desk.use') || may('board.view'))

  /** Who may listen, help and force; the switch decides in each case. */
  const leads = computed(() => has('shift_lead', 'store_manager', 'group_manager', 'administrator'))

  whenSignedOut(() => {
    if (info.value?.signed_in) location.assign(`/sign-in?again=1&next=${encodeURIComponent(location.pathname + location.search)}`)
  })

  return { info, person, signedIn, demo, storeNames, skew, load, keep, recall, signIn, signOut, chooseLanguage, may, has, leads, watches }
})
