/**
 * A page that reads again by itself. While news come from the switch, seldom: only what the clock alone changes. While they do not,
 * every so often. (What was missed meanwhile is told when they come again: `tellMissed`.)
 */
import { onBeforeUnmount } from 'vue'
import { useDesk } from '@/stores/desk'
import { everySecond } from './ticker'

export const SELDOM = 300

/** While this component lives. `seconds`: how often without news. */
export function readAgain(read: () => void, seconds: number): void {
  const desk = useDesk()
  let last = Date.now()
  const stop = everySecond(() => {
    if (Date.now() - last < (desk.link === 'up' ? SELDOM : seconds) * 1000) return
    last = Date.now()
    read()
  })
  onBeforeUnmount(stop)
}
