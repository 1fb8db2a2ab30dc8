import { createI18n } from 'vue-i18n'
import type { Text } from '@/lib/protocol'
import en from '@/locales/en.json'
import zh from '@/locales/zh.json'

export type Language = 'zh' | 'en'

const KEY = 'dealerline.language'

function first(): Language {
  const kept = localStorage.getItem(KEY)
  return kept === 'en' || kept === 'zh' ? kept : 'zh' // Chinese first, whatever the browser's own language
}

export const i18n = createI18n({ legacy: false, locale: first(), fallbackLocale: 'zh', messages: { zh, en } })

export function language(): Language {
  return i18n.global.locale.value as Language
}

export function setLanguage(value: Language): void {
  i18n.global.locale.value = value
  try {
    localStorage.setItem(KEY, value)
  } catch {
    // no room, or a window that keeps nothing: then it is asked for anew next time, and the page opens all the same
  }
  document.documentElement.lang = value === 'zh' ? 'zh-Hans' : 'en'
}

setLanguage(first())

/** The words of a two-language text from the server; the other language when this one is empty. */
export function words(text: Text | string | null | undefined): string {
  if (!text) return ''
  if (typeof text === 'string') return text
  return text[language()] || text.zh || text.en || ''
}

/** What went wrong, in words: the server's own, or those of its code. Never empty. */
export function inWords(failure: { text: Text | null; code: string }): string {
  const { t, te } = i18n.global
  return words(failure.text) || (te(`error.${failure.code}`) ? t(`error.${failure.code}`) : t('error.unknown', { code: failure.code }))
}
