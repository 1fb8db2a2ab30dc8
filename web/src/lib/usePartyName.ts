import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useWork } from '@/stores/work'
import { phoneText } from './numbers'
import type { CallView, Party } from './protocol'

/** What people in a call are called on the screen: the customer by the file's name, oneself "you". */
export function usePartyName(call: () => CallView): { customerName: ComputedRef<string>; nameOf: (party: Party) => string; listOf: (names: string[]) => string } {
  const { t, locale } = useI18n()
  const work = useWork()
  const customerName = computed(() => work.find(call().id)?.pop?.customer?.name || phoneText(call().number) || t('party.customer'))
  const nameOf = (party: Party): string => (party.me ? t('party.you') : party.role === 'customer' ? customerName.value : party.name || phoneText(party.number) || t(`party.${party.role}`))
  const listOf = (names: string[]): string => new Intl.ListFormat(locale.value === 'zh' ? 'zh-CN' : 'en-GB', { type: 'conjunction' }).format(names)
  return { customerName, nameOf, listOf }
}
