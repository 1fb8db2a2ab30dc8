import { ref } from 'vue'
import { ApiError } from '@/api/http'
import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'
import { CommandError } from './deskSocket'

const PATIENCE = 12_000
const EVERY = 400
/** What the switch says while it has not heard of the telephone yet. */
const NOT_YET = ['no_phone', 'hello_first']

/**
 * Dialling from a list. A page that was opened a moment ago has no telephone yet: it is waited for, and said so (`waits` is the row's
 * key), instead of asking for a call that nobody's phone can take.
 */
export function useRinging() {
  const desk = useDesk()
  const phone = usePhone()
  const waits = ref('')

  const pause = (): Promise<void> => new Promise((done) => setTimeout(done, EVERY))
  const here = (): boolean => desk.link === 'up' && phone.usable

  /** Raises CommandError `phone_not_ready` when there is none in time, else what `doing` raises. */
  async function ring<T>(key: string, doing: () => Promise<T>): Promise<T> {
    if (desk.watching) throw new CommandError('desk_elsewhere', null)
    if (waits.value) throw new CommandError('one_at_a_time', null)
    const until = Date.now() + PATIENCE
    waits.value = key
    try {
      for (;;) {
        while (!here()) {
          if (Date.now() > until) throw new CommandError('phone_not_ready', null)
          await pause()
        }
        try {
          return await doing()
        } catch (error) {
          if (!(error instanceof ApiError) || !NOT_YET.includes(error.code) || Date.now() > until) throw error
          await pause()
        }
      }
    } finally {
      waits.value = ''
    }
  }

  return { waits, ring }
}
