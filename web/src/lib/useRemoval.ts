/** Something taken away, with a few seconds to take that back: only then is the server told. Leaving the page tells it at once. */
import { onBeforeUnmount, ref, type Ref } from 'vue'

export const SECONDS_TO_UNDO = 8

export interface Removal {
  /** What was taken away last and can be given back; `''`: nothing. */
  label: Ref<string>
  hidden: (key: number | string) => boolean
  remove: (key: number | string, label: string, run: () => Promise<unknown>) => void
  undo: () => void
  flush: () => Promise<void>
}

export function useRemoval(failed: (error: unknown) => void, done: () => void = () => undefined): Removal {
  const label = ref('')
  const keys = ref<(number | string)[]>([])
  let waiting: { key: number | string; run: () => Promise<unknown> } | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    const mine = waiting
    waiting = null
    label.value = ''
    if (!mine) return
    try {
      await mine.run()
      done()
    } catch (error) {
      failed(error)
    } finally {
      keys.value = keys.value.filter((key) => key !== mine.key)
    }
  }

  function remove(key: number | string, what: string, run: () => Promise<unknown>): void {
    void flush() // the one before cannot be taken back any more
    waiting = { key, run }
    keys.value = [...keys.value, key]
    label.value = what
    timer = setTimeout(() => void flush(), SECONDS_TO_UNDO * 1000)
  }

  function undo(): void {
    clearTimeout(timer)
    keys.value = keys.value.filter((key) => key !== waiting?.key)
    waiting = null
    label.value = ''
  }

  onBeforeUnmount(() => void flush())
  return { label, hidden: (key) => keys.value.includes(key), remove, undo, flush }
}
