import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Way } from '@/lib/protocol'

const FAULT_SECONDS = 12

/** Small things that keys and buttons share. */
export const useUi = defineStore('ui', () => {
  const stateMenu = ref(false)
  const keypad = ref(false)
  const dialNumber = ref('')
  /** The panel in which one chooses whom to bring in, and how. */
  const bring = ref<{ call: string; way: Way } | null>(null)
  /** The call in which a note for a raised hand is being written. */
  const handNote = ref('')
  /** The call whose rooms are open large. */
  const wideRooms = ref('')
  /** What went wrong, in words, at the place where it was tried: a call's id, `person:ID`. */
  const faults = ref<Record<string, string>>({})
  const timers = new Map<string, ReturnType<typeof setTimeout>>()

  function fault(place: string, text: string): void {
    clearTimeout(timers.get(place))
    const { [place]: _, ...others } = faults.value
    faults.value = text ? { ...others, [place]: text } : others
    if (text) timers.set(place, setTimeout(() => fault(place, ''), FAULT_SECONDS * 1000))
  }

  return { stateMenu, keypad, dialNumber, bring, handNote, wideRooms, faults, fault }
})
