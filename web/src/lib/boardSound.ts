import { onUnmounted, ref, type Ref } from 'vue'
import { chime } from './ringtone'
import { everySecond } from './ticker'

const KEY = 'dealerline.boardSound'

/** A chime for each alarm that was not there before; off until a person turns it on, and remembered by this browser. */
export function useBoardSound(on: () => string[]): { muted: Ref<boolean>; toggle: () => void } {
  const muted = ref(localStorage.getItem(KEY) !== 'on')
  let known = new Set<string>()
  onUnmounted(
    everySecond(() => {
      const now = on()
      if (!muted.value && now.some((id) => !known.has(id))) chime()
      known = new Set(now)
    }),
  )
  function toggle(): void {
    muted.value = !muted.value
    localStorage.setItem(KEY, muted.value ? 'off' : 'on')
    if (!muted.value) chime()
  }
  return { muted, toggle }
}
