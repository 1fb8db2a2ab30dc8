import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { api, ok } from '@/api/http'
import type { Car, PromiseIn, PromiseRow, TodoCounts } from '@/api/types'
import { PromiseBox } from '@/lib/promiseBox'
import type { CallView } from '@/lib/protocol'
import { tellChanged } from '@/lib/changed'
import { everySecond } from '@/lib/ticker'
import { useClock } from './clock'
import { useSession } from './session'

/** What a promise is made about: a call, or a customer alone. */
export interface About {
  call: string | null
  store: number
  line: number
  /** Of the call, when the key was pressed: there it can be heard. */
  second: number | null
  customer: { id: number; name: string } | null
  cars: Pick<Car, 'id' | 'plate' | 'model'>[]
  /** One that the server refused, to be mended. */
  again?: PromiseIn
}

/** Promises made on this page, the panel to make them in, the one that is looked at, and how much there is to do. */
export const usePromises = defineStore('promises', () => {
  const session = useSession()
  const clock = useClock()
  const about = ref<About | null>(null)
  const peek = ref('')
  const counts = ref<TodoCounts | null>(null)
  let box: PromiseBox | null = null

  function theBox(): PromiseBox {
    if (!box) {
      const send = (body: PromiseIn): Promise<PromiseRow> => ok(api.POST('/api/promises', { body }))
      const made = new PromiseBox(send, `dealerline.promises.${session.person?.id ?? 0}`, (row) => tellChanged({ kind: 'promise', id: row.id, customer: row.customer?.id ?? null, by: row.made_by?.id ?? null }))
      everySecond(() => void made.tick())
      box = made
    }
    return box
  }

  /** The second only while the call goes on: afterwards nothing that is said is in it. */
  function ofCall(call: CallView): About {
    const goes = ['talking', 'held', 'reconnecting'].includes(call.phase)
    return { call: call.id, store: call.store, line: call.line, second: goes ? Math.max(0, Math.round(clock.now - call.arrived)) : null, customer: null, cars: [] }
  }

  async function count(): Promise<void> {
    if (session.may('promises.view')) counts.value = await ok(api.GET('/api/todos/counts')).catch(() => counts.value)
  }

  return {
    about, peek, counts, ofCall, count,
    kept: computed(() => theBox().kept),
    make: (body: PromiseIn) => theBox().add(body),
    drop: (id: string) => theBox().drop(id),
  }
})
