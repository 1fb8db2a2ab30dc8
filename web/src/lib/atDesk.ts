/**
 * Whether somebody is at this desk: touched lately, and the screen not locked. The switch is told when that and the person's state do
 * not agree: a ready agent who is not there is away before a caller is offered to him, and ready again when he is back.
 */
import { onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { useClock } from '@/stores/clock'
import { useDesk } from '@/stores/desk'
import { everySecond } from './ticker'

interface IdleDetectorLike extends EventTarget {
  screenState: 'locked' | 'unlocked' | null
  start(options: { threshold: number; signal?: AbortSignal }): Promise<void>
}
interface IdleDetectorKind {
  new (): IdleDetectorLike
  requestPermission(): Promise<'granted' | 'denied'>
}

const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
const detector = (): IdleDetectorKind | undefined => (globalThis as { IdleDetector?: IdleDetectorKind }).IdleDetector
const locked = ref(false)
/** Browsers tell of a locked screen only where they can and were allowed to; '': they cannot. */
export const lockNotice = ref<'' | 'ask' | 'on'>('')
let started = false

async function listen(): Promise<void> {
  const Kind = detector()
  if (!Kind || started) return
  started = true
  const one = new Kind()
  one.addEventListener('change', () => (locked.value = one.screenState === 'locked'))
  await one.start({ threshold: 60_000 })
  lockNotice.value = 'on'
}

/** Asks the browser, once, by a click of the person. */
export async function noticeLock(): Promise<void> {
  if ((await detector()?.requestPermission()) === 'granted') await listen()
}

async function lookForLock(): Promise<void> {
  if (!detector()) return
  try {
    const { state } = await navigator.permissions.query({ name: 'idle-detection' as PermissionName })
    if (state === 'granted') await listen()
    else if (state === 'prompt') lockNotice.value = 'ask'
  } catch {
    lockNotice.value = '' // a browser that does not know the word
  }
}

/** What to tell the switch: null for nothing. Pure. */
export function presenceToTell(now: { state: string; reason: string; since: number }, at: { time: number; touched: number; idleMinutes: number; locked: boolean }): { on: boolean; why?: 'idle' | 'locked' } | null {
  const unseen = at.idleMinutes > 0 && at.time - Math.max(at.touched, now.state === 'ready' ? now.since : 0) > at.idleMinutes * 60
  const why = at.locked ? 'locked' : unseen ? 'idle' : ''
  if (now.state === 'ready' && why) return { on: false, why }
  if (now.state === 'away' && !at.locked && ['idle', 'locked'].includes(now.reason) && at.touched > now.since) return { on: true }
  if (now.state === 'away' && now.reason === 'locked' && !at.locked) return { on: true }
  return null
}

export function useAtDesk(): void {
  const desk = useDesk()
  const clock = useClock() // the switch's time, so that it compares with `since`
  let touched = clock.now
  let told = 0
  function look(): void {
    if (desk.link !== 'up' || desk.watching) return
    const time = clock.now
    const word = presenceToTell(desk.agent, { time, touched, idleMinutes: desk.idleMinutes, locked: locked.value })
    if (!word || time - told < 2) return
    told = time
    void desk.send({ type: 'present', ...word }).catch(() => undefined)
  }
  const touch = (): void => {
    touched = clock.now
    if (desk.agent.state === 'away') look()
  }
  let stop = (): void => undefined
  watch(locked, look)
  onMounted(() => {
    for (const kind of TOUCHES) window.addEventListener(kind, touch, { passive: true, capture: true })
    stop = everySecond(look)
    void lookForLock()
  })
  onBeforeUnmount(() => {
    for (const kind of TOUCHES) window.removeEventListener(kind, touch, { capture: true })
    stop()
  })
}
