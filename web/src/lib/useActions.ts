import { ElMessage, ElMessageBox } from 'element-plus'
import { nextTick } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { api, ApiError, ok } from '@/api/http'
import { inWords, words } from '@/i18n'
import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'
import { usePromises } from '@/stores/promises'
import { useSession } from '@/stores/session'
import { useUi } from '@/stores/ui'
import { useWork } from '@/stores/work'
import { banner } from './attempt'
import { CommandError } from './deskSocket'
import { me, watched, whyNotBring } from './parties'
import type { CallView, Command, DialPurpose, Mode, Target, Way } from './protocol'
import { actionOf, CALL_KEYS, type Action } from './shortcuts'

/** Everything one can do with a call, once: the buttons and the keys both come here. Failures are told in plain words. */
export function useActions(onHelp: () => void = () => undefined) {
  const { t } = useI18n()
  const router = useRouter()
  const desk = useDesk()
  const phone = usePhone()
  const work = useWork()
  const ui = useUi()
  const session = useSession()
  const promises = usePromises()

  function said(error: unknown): string {
    if (!(error instanceof CommandError || error instanceof ApiError)) throw error
    const marked = error instanceof ApiError ? Object.values(error.fields).map(words).join(' ') : ''
    return marked || inWords(error) // where no form marks it, what is wrong has to be said here
  }

  /** Says what went wrong: at the place where it was tried (a call's id, `person:ID`), or in passing where there is none. */
  function tell(error: unknown, place = ''): void {
    const text = said(error)
    if (place) ui.fault(place, text)
    else ElMessage.error(text)
  }

  async function run(action: Promise<unknown>, place = ''): Promise<boolean> {
    try {
      await action
      if (place) ui.fault(place, '')
      return true
    } catch (error) {
      tell(error, place)
      return false
    }
  }

  const order = (command: Command, place: string): Promise<boolean> => run(desk.send(command), place)

  async function answer(call: CallView): Promise<void> {
    if (await run(phone.answer(call.id), call.id)) {
      work.active = call.id
      if (router.currentRoute.value.path !== '/') await router.push('/')
    }
  }

  const refuse = (call: CallView): Promise<boolean> => order({ type: 'refuse', call: call.id }, call.id)
  const hold = (call: CallView, party?: string): Promise<boolean> => {
    const held = party ? call.parties.find((p) => p.id === party)?.state === 'held' : call.phase === 'held'
    return order({ type: held ? 'unhold' : 'hold', call: call.id, ...(party ? { party } : {}) }, call.id)
  }
  const mute = (call: CallView, party?: string): Promise<boolean> => {
    const muted = party ? call.parties.find((p) => p.id === party)?.muted : call.muted
    return order({ type: muted ? 'unmute' : 'mute', call: call.id, ...(party ? { party } : {}) }, call.id)
  }
  const hangup = (call: CallView): Promise<boolean> => run(phone.hangup(call.id), call.id)
  const wrapDone = (call: CallView): Promise<boolean> => order({ type: 'wrap_done', call: call.id }, call.id)
  const wrapMore = (call: CallView): Promise<boolean> => order({ type: 'wrap_more', call: call.id }, call.id)
  const take = (call: CallView): Promise<boolean> => order({ type: 'take', call: call.id }, call.id)
  const keys = (call: CallView, digits: string): Promise<boolean> => run(desk.send({ type: 'keys', call: call.id, digits }))
  /** For what needs a permission it is asked for now: the one of a while ago is too old, and things may have changed. */
  const dial = (number: string, line: number, purpose: DialPurpose): Promise<boolean> =>
    run(permitFor(number, purpose).then((permit) => desk.send({ type: 'dial', number, line, purpose, ...(permit ? { permit } : {}) })))
  const permitFor = async (number: string, purpose: DialPurpose): Promise<string> =>
    purpose === 'service' ? '' : (await ok(api.GET('/api/privacy/may-ring', { params: { query: { number, purpose } } }))).permit
  const headsetTest = (): Promise<boolean> => run(desk.send({ type: 'headset_test' }))
  /** A reason that a lead has to consent to is only asked for; the switch says who could answer. */
  const state = (wish: 'ready' | 'busy' | 'offline', reason?: string): Promise<boolean> =>
    run(desk.send({ type: 'state', state: wish, ...(reason ? { reason } : {}) }).then((answer) => {
      if (answer.asked !== undefined) ElMessage.info(t(answer.asked ? 'consent.sent' : 'consent.nobody'))
    }))
  const consent = (person: number, grant: boolean): Promise<boolean> => order({ type: 'consent', person, grant }, `request:${person}`)
  function answerFirst(grant: boolean): boolean {
    const first = desk.requests[0]
    return first && session.leads && !desk.watching ? (void consent(first.person, grant), true) : false
  }

  /** Opens the panel to choose whom; pressed again it only changes how. */
  function openBring(call: CallView, way: Way): void {
    const why = whyNotBring(call, way)
    if (why) ui.fault(call.id, t(`bring.${why}`))
    else ui.bring = { call: call.id, way }
  }

  const bring = (call: CallView, how: Way, target: Target): Promise<boolean> => order({ type: 'bring', call: call.id, how, target }, 'bring')
  const attempt = (call: CallView, what: 'complete' | 'cancel' | 'swap' | 'three_way'): Promise<boolean> => order({ type: what, call: call.id }, call.id)
  const recordPause = (call: CallView): Promise<boolean> => order({ type: call.recording === 'paused' ? 'record_resume' : 'record_pause', call: call.id }, call.id)

  function hand(call: CallView): void {
    if (call.hand) void order({ type: 'lower_hand', call: call.id }, call.id)
    else ui.handNote = ui.handNote === call.id ? '' : call.id
  }
  async function raiseHand(call: CallView, note: string): Promise<void> {
    if (await order({ type: 'raise_hand', call: call.id, note: note.trim().slice(0, 200) }, call.id)) ui.handNote = ''
  }

  /** Asks once more before something that cannot be taken back. */
  async function sure(question: string, yes: string): Promise<boolean> {
    return ElMessageBox.confirm(question, { type: 'warning', confirmButtonText: yes, cancelButtonText: t('common.cancel') }).then(
      () => true,
      () => false,
    )
  }
  async function endForAll(call: CallView): Promise<void> {
    if (await sure(t('rooms.endSure', { n: call.parties.length }), t('rooms.end'))) await order({ type: 'hangup', call: call.id, all: true }, call.id)
  }

  async function supervise(person: number, mode: Mode, follow = desk.following && desk.watchedPerson === person, place = `person:${person}`): Promise<boolean> {
    if (!(await order({ type: 'supervise', person, mode, follow }, place))) return false
    desk.watchedPerson = person
    desk.following = follow
    return true
  }
  /** The agent in that call whom the lead is with. */
  const mode = (call: CallView, wanted: Mode, follow?: boolean): void => {
    const person = watched(call, desk.watchedPerson)?.person ?? desk.watchedPerson
    if (person !== null) void supervise(person, wanted, follow, call.id)
  }
  const rejoin = (call: string): Promise<boolean> => order({ type: 'rejoin', call }, call)
  const takeOver = (call: CallView): Promise<boolean> => order({ type: 'take_over', call: call.id }, call.id)
  const force = (person: number, what: 'ready' | 'busy' | 'offline', reason?: string): Promise<boolean> =>
    order({ type: 'force', person, what, ...(reason ? { reason } : {}) }, `person:${person}`)
  async function forceHangup(person: number, name: string): Promise<void> {
    if (await sure(t('supervise.hangupSure', { name }), t('supervise.forceHangup'))) await order({ type: 'force_hangup', person }, `person:${person}`)
  }

  /** In a call, or in the work after it; the record's tab when there is neither. */
  function promise(): boolean {
    const call = desk.live ?? desk.wrapping ?? work.current?.call
    if (!call || call.phase === 'offered' || call.phase === 'supervising' || !session.may('promises.edit')) return false
    promises.about = promises.ofCall(call)
    return true
  }

  function perform(action: Action): boolean {
    const { offered, live, supervising, wrapping } = desk
    const able = live ? (banner(live)?.actions ?? []) : []
    switch (action) {
      case 'answer':
        return offered ? (void answer(offered), true) : false
      case 'refuse':
        return offered ? (void refuse(offered), true) : false
      case 'hold':
        return live ? (void hold(live), true) : takeNext()
      case 'mute': {
        const own = live ?? (supervising && me(supervising)?.state === 'in' ? supervising : null)
        return own ? (void mute(own), true) : false
      }
      case 'hangup': {
        const mine = live ?? supervising
        return mine ? (void hangup(mine), true) : false
      }
      case 'transfer':
      case 'consult':
      case 'invite':
        return live ? (openBring(live, action), true) : false
      case 'recordPause':
        return live && ['on', 'paused'].includes(live.recording) ? (void recordPause(live), true) : false
      case 'raiseHand':
        return live ? (hand(live), true) : false
      case 'promise':
        return promise()
      case 'rooms':
        return focusRooms()
      case 'complete':
        return live && able.includes(action) ? (void attempt(live, action), true) : false
      case 'swap':
        return live && able.includes(action) ? (void attempt(live, action), true) : takeNext()
      case 'cancelAttempt':
        return live && able.includes(action) ? (void attempt(live, 'cancel'), true) : false
      case 'threeWay':
        return live && able.includes(action) ? (void attempt(live, 'three_way'), true) : false
      case 'listen':
      case 'whisper':
      case 'barge':
        return supervising ? (mode(supervising, action), true) : takeNumber(CALL_KEYS.indexOf(action))
      case 'rejoin':
        return desk.rejoin ? (void rejoin(desk.rejoin.call), true) : false
      case 'takeOver':
        return supervising ? (void takeOver(supervising), true) : false
      case 'helpHand': {
        const first = desk.hands[0]
        return first && session.leads && !desk.watching ? (void supervise(first.person, 'listen', false, `hand:${first.person}`), true) : false
      }
      case 'grant':
      case 'deny':
        return answerFirst(action === 'grant')
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
      case 'makeLead':
        return press('[data-testid=lead-from-call]:not(:disabled)')
      case 'notes':
        void router.push('/').then(() => nextTick(() => document.querySelector<HTMLElement>('[data-testid="record-notes"] textarea, textarea[data-testid="record-notes"]')?.focus()))
        return true
      case 'help':
        return (onHelp(), true)
    }
  }

  /** The call that has waited longest. */
  function takeNext(): boolean {
    const next = [...desk.parked].sort((a, b) => (a.held_since ?? 0) - (b.held_since ?? 0))[0]
    return next ? (void take(next), true) : false
  }

  function takeNumber(index: number): boolean {
    const call = desk.numbered[index]
    return call?.phase === 'parked' && !ui.bring ? (void take(call), true) : false // in the panel the digits choose a target
  }

  /** A button of the page that is there, as if it were clicked. */
  function press(which: string): boolean {
    const button = document.querySelector<HTMLElement>(which)
    button?.click()
    return button !== null
  }

  function focusRooms(): boolean {
    const token = document.querySelector<HTMLElement>('[data-testid="token"]')
    token?.focus()
    return token !== null
  }

  function onKey(event: KeyboardEvent): void {
    const action = actionOf(event)
    if (action && perform(action)) event.preventDefault()
  }

  return {
    answer, refuse, hold, mute, hangup, take, wrapDone, wrapMore, keys, dial, headsetTest, state, onKey, tell, run, order,
    openBring, bring, attempt, recordPause, hand, raiseHand, endForAll, supervise, mode, takeOver, rejoin, force, forceHangup, consent, sure,
  }
}
