import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { del, get, patch, post, useCsrf, whenSignedOut } from '@/api/http'
import type { Me, SessionInfo } from '@/api/types'
import { setLanguage, type Language } from '@/i18n'

/** Who sits here. Asked once at start; everything else waits for it. */
export const useSession = defineStore('session', () => {
  const info = ref<SessionInfo | null>(null)
  const person = computed<Me | null>(() => info.value?.person ?? null)
  const signedIn = computed(() => info.value?.signed_in === true)
  const demo = computed(() => info.value?.demo === true)
  const storeNames = computed(() => new Map((person.value?.stores ?? []).map((s) => [s.id, s.name])))
  let loading: Promise<void> | null = null

  function take(fresh: SessionInfo): void {
    info.value = fresh
    if (fresh.csrf) useCsrf(fresh.csrf)
  }

  function load(again = false): Promise<void> {
    if (info.value && !again) return Promise.resolve()
    loading ??= get<SessionInfo>('/api/session')
      .then(take)
      .finally(() => (loading = null))
    return loading
  }

  async function signIn(username: string, password: string, code: string): Promise<void> {
    await post('/api/session', { username, password, ...(code ? { code } : {}) })
    await load(true)
    const wanted = person.value?.language ?? ''
    if (wanted.startsWith('en')) setLanguage('en')
    else if (wanted.startsWith('zh')) setLanguage('zh')
  }

  async function signOut(): Promise<void> {
    try {
      await del('/api/session')
    } finally {
      location.assign('/sign-in')
    }
  }

  async function chooseLanguage(value: Language): Promise<void> {
    setLanguage(value)
    if (signedIn.value) await patch('/api/me', { language: value === 'zh' ? 'zh-hans' : 'en' }).catch(() => undefined)
  }

  const may = (permission: string): boolean => person.value?.permissions.includes(permission) ?? false
  const has = (...roles: string[]): boolean => roles.some((role) => person.value?.roles.includes(role))

  whenSignedOut(() => {
    if (info.value?.signed_in) location.assign(`/sign-in?again=1&next=${encodeURIComponent(location.pathname + location.search)}`)
  })

  return { info, person, signedIn, demo, storeNames, load, signIn, signOut, chooseLanguage, may, has }
})
