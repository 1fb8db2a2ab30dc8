import { defineStore } from 'pinia'
import { ref } from 'vue'

/** Small things that keys and buttons share. */
export const useUi = defineStore('ui', () => {
  const stateMenu = ref(false)
  const keypad = ref(false)
  const dialNumber = ref('')
  return { stateMenu, keypad, dialNumber }
})
