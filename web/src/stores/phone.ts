import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { audioContext, Headset } from '@/lib/microphone'
import type { Microphone } from '@/lib/protocol'
import { ringThrough, startRinging, stopRinging } from '@/lib/ringtone'
import { Softphone, type SessionPhase } from '@/lib/softphone'
import { useDesk } from './desk'

/** The softphone and the headset, living outside of every page: navigation never touches a call. */
export const usePhone = defineStore('phone', () => {
  const desk = useDesk()
  const registered = ref(false)
  const microphone = ref<Microphone>('unknown')
  const headsetChanged = ref(false)
  const sessions = ref<Record<string, SessionPhase>>({})
  const failure = ref<'' | 'no_microphone' | 'media_failed'>('')
  const level = ref(0)
  const running = ref(false)
  let levelTimer: ReturnType<typeof setInterval> | undefined

  const headset = new Headset(
    (state, changed) => {
      microphone.value = state
      if (changed) headsetChanged.value = true
      if (state === 'ok') failure.value = ''
    },
    (stream) => softphone.replaceMicrophone(stream),
  )

  const softphone = new Softphone(() => headset.open(), audioContext, {
    onRegistered: (value) => (registered.value = value),
    onSessions: (value) => (sessions.value = { ...value }),
    onFailure: (code) => (failure.value = code),
  })

  const usable = computed(() => {
    if (desk.device === 'browser') return registered.value && microphone.value === 'ok'
    return desk.device === 'phone' || desk.telephones.outside !== ''
  })

  async function start(): Promise<void> {
    if (running.value) return
    running.value = true
    ringThrough(headset.choice.ringer)
    softphone.speakThrough(headset.choice.output)
    levelTimer = setInterval(() => {
      if (document.visibilityState === 'visible') level.value = headset.level()
    }, 120)
    if (desk.device === 'browser') await headset.open()
  }

  function stop(): void {
    running.value = false
    clearInterval(levelTimer)
    softphone.stop()
    headset.release()
    stopRinging()
    microphone.value = 'unknown'
  }

  watch(
    () => [desk.sip, desk.device, running.value] as const,
    ([sip, device, on]) => {
      if (!on) return
      if (sip && device === 'browser') softphone.start(sip)
      else softphone.stop()
      if (device === 'browser') {
        if (microphone.value === 'unknown') void headset.open()
      } else {
        headset.release() // a telephone needs no microphone of the page
        microphone.value = 'unknown'
      }
    },
  )

  watch(
    () => [registered.value, microphone.value, desk.link, desk.device] as const,
    ([isRegistered, mic, link, device]) => {
      if (link === 'up' && device === 'browser' && running.value) void desk.send({ type: 'phone', registered: isRegistered, microphone: mic }).catch(() => undefined)
    },
  )

  watch(
    () => (desk.offered ? desk.offered.id : ''),
    (id) => (id && running.value ? startRinging() : stopRinging()),
  )

  async function choose(part: 'input' | 'output' | 'ringer', id: string): Promise<void> {
    await headset.choose(part, id)
    if (part === 'output') softphone.speakThrough(id)
    if (part === 'ringer') ringThrough(id)
    headsetChanged.value = false
  }

  /** Answers with this browser, or, for a telephone, through the switch. */
  async function answer(call: string): Promise<void> {
    if (desk.device !== 'browser') await desk.send({ type: 'answer', call })
    else await softphone.answer(call)
  }

  /** Hangs up through the switch; by SIP alone when the switch cannot be reached. */
  async function hangup(call: string): Promise<void> {
    try {
      await desk.send({ type: 'hangup', call })
    } catch (error) {
      if (desk.link === 'up') throw error
      softphone.terminate(desk.call(call)?.channel_hint.slice(0, 36) || call) // the voice may have been rung for another call of one's own
    }
  }

  return {
    registered, microphone, headsetChanged, sessions, failure, level, usable, running, headset,
    start, stop, choose, answer, hangup,
    heard: (call: string) => softphone.heard(call),
    retryMicrophone: () => headset.open(),
  }
})
