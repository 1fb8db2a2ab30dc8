import { ElMessage } from 'element-plus'
import { nextTick } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { ApiError } from '@/api/http'
import { words } from '@/i18n'
import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'
import { useUi } from '@/stores/ui'
import { useWork } from '@/stores/work'
import { CommandError } from './deskSocket'
import type { CallView } from './protocol'
import { actionOf, type Action } from './shortcuts'

/** Everything one can do with a call, once: the buttons and the keys both come here. Failures are told in plain words. */
export function useActions(onHelp: () => void = () => undefined) {
  const { t, te } = useI18n()
  const router = useRouter()
  const desk = useDesk()
  const phone = usePhone()
  const work = useWork()
  const ui = useUi()

  function tell(error: unknown): void {
    if (error instanceof CommandError || error instanceof ApiError) {
      const own = words(error.text)
      ElMessage.error(own || (te(`error.${error.code}`) ? t(`error.${error.code}`) : t('error.unknown', { code: error.code })))
    } else throw error
  }

  async function run(action: Promise<unknown>): Promise<boolean> {
    try {
      await action
      return true
    } catch (error) {
      tell(error)
      return false
    }
  }

  async function answer(call: CallView): Promise<void> {
    if (await run(phone.answer(call.id))) {
      work.active = call.id
      if (router.currentRoute.value.path !== '/') await router.push('/')
    }
  }

  const refuse = (call: CallView): Promise<boolean> => run(desk.send({ type: 'refuse', call: call.id }))
  const hold = (call: CallView): Promise<boolean> => run(desk.send({ type: call.phase === 'held' ? 'unhold' : 'hold', call: call.id }))
  const mute = (call: CallView): Promise<boolean> => run(desk.send({ type: call.muted ? 'unmute' : 'mute', call: call.id }))
  const hangup = (call: CallView): Promise<boolean> => run(phone.hangup(call.id))
  const wrapDone = (call: CallView): Promise<boolean> => run(desk.send({ type: 'wrap_done', call: call.id }))
  const wrapMore = (call: CallView): Promise<boolean> => run(desk.send({ type: 'wrap_more', call: call.id }))
  const keys = (call: CallView, digits: string): Promise<boolean> => run(desk.send({ type: 'keys', call: call.id, digits }))
  const dial = (number: string, line: number): Promise<boolean> => run(desk.send({ type: 'dial', number, line }))
  const headsetTest = (): Promise<boolean> => run(desk.send({ type: 'headset_test' }))
  const state = (wish: 'ready' | 'busy' | 'offline', reason?: string): Promise<boolean> =>
    run(desk.send({ type: 'state', state: wish, ...(reason ? { reason } : {}) }))

  function perform(action: Action): boolean {
    const { offered, live, wrapping } = desk
    switch (action) {
      case 'answer':
        return offered ? (void answer(offered), true) : false
      case 'refuse':
        return offered ? (void refuse(offered), true) : false
      case 'hold':
        return live ? (void hold(live), true) : false
      case 'mute':
        return live ? (void mute(live), true) : false
      case 'hangup':
        return live ? (void hangup(live), true) : false
      case 'wrapDone':
        return wrapping ? (void wrapDone(wrapping), true) : false
      case 'wrapMore':
        return wrapping ? (void wrapMore(wrapping), true) : false
      case 'ready':
        return (void state('ready'), true)
      case 'busy':
        ui.stateMenu = true
        return true
      case 'keypad':
        ui.keypad = !ui.keypad
        return true
      case 'nextTab':
        return (work.next(), true)
      case 'notes':
        void router.push('/').then(() => nextTick(() => document.querySelector<HTMLElement>('[data-testid="record-notes"] textarea, textarea[data-testid="record-notes"]')?.focus()))
        return true
      case 'help':
        return (onHelp(), true)
    }
  }

  function onKey(event: KeyboardEvent): void {
    const action = actionOf(event)
    if (action && perform(action)) event.preventDefault()
  }

  return { answer, refuse, hold, mute, hangup, wrapDone, wrapMore, keys, dial, headsetTest, state, onKey, tell, run }
}
