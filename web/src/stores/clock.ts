import { defineStore } from 'pinia'
import { ref } from 'vue'
import { everySecond } from '@/lib/ticker'

/** The switch's time, ticking: one ticker for every timer on the screen, corrected by what `welcome` said the time is. */
export const useClock = defineStore('clock', () => {
  const offset = ref(0)
  const now = ref(Date.now() / 1000)
  everySecond(() => (now.value = Date.now() / 1000 + offset.value))
  function correct(serverNow: number): void {
    const off = serverNow - Date.now() / 1000
    offset.value = Math.abs(off) < 0.5 ? 0 : off
    now.value = Date.now() / 1000 + offset.value
  }
  return { now, correct }
})
