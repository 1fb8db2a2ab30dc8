import { useI18n } from 'vue-i18n'
import { words } from '@/i18n'
import { useDesk } from '@/stores/desk'

/** What somebody does, in words: his state, or for somebody busy why. */
export function useDoing(): (state: string, reason: string) => string {
  const { t, te } = useI18n()
  const desk = useDesk()
  return (state, reason) => {
    if (!['busy', 'away'].includes(state) || !reason) return t(`state.${state}`)
    const known = desk.reasons.find((r) => r.code === reason)
    return known ? words(known.name) : te(`reason.${reason}`) ? t(`reason.${reason}`) : t(`state.${state}`)
  }
}
