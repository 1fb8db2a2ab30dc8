/**
 * A page that reads again by itself. While news come from the switch, seldom: only what the clock alone changes. While they do not,
 * every so often; and once when they come again, for what was missed.
 */
import { onBeforeUnmount, watch } from 'vue'
import { useDesk } from '@/stores/desk'
import { everySecond } from './ticker'

export const SELDOM = 300

/** While this component lives. `seconds`: how often without news. */
export function readAgain(read: () => void, seconds: number): void {
  const desk = useDesk()
  let last = Date.now()
  let missed = false
  const now = (): void => {
    last = Date.now()
    missed = false
    read()
  }
  const stop = everySecond(() => {
    if (Date.now() - last >= (desk.link === 'up' ? SELDOM : seconds) * 1000) now()
  })
  watch(
    () => desk.link,
    (link) => {
      if (link === 'lost') missed = true
      else if (link === 'up' && missed) now()
    },
  )
  onBeforeUnmount(stop)
}
