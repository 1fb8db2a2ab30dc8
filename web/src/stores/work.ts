import { defineStore } from 'pinia'
import { computed, nextTick, reactive, ref, watch } from 'vue'
import { api, askPop, ok } from '@/api/http'
import type { CustomerShort, Pop } from '@/api/types'
import { words } from '@/i18n'
import { whenIdle } from '@/lib/idle'
import type { CallView } from '@/lib/protocol'
import { phoneText } from '@/lib/numbers'
import { useDesk } from './desk'

export interface Tab {
  id: string
  /** The last the switch said of this call; it stays after the call is gone, so that the record can be finished. */
  call: CallView
  pop: Pop | null
  popState: 'loading' | 'ready' | 'failed'
  /** The record is not finished: the tab does not close by itself. */
  unfinished: boolean
  /** The customer's file is on the screen; the form may follow. */
  drawn: boolean
}

/** When what happened: the offer by the switch's clock in seconds, the rest by the page's in milliseconds. */
export interface PopMark {
  call: string
  offered: number | null
  received: number
  answered: number | null
  drawn: number | null
}

/** The tabs of the desk: one for each live call and each record still open, with the customer's file of each. */
export const useWork = defineStore('work', () => {
  const desk = useDesk()
  const tabs = ref<Tab[]>([])
  const active = ref('')
  const marks = reactive<PopMark[]>([])
  const current = computed(() => tabs.value.find((t) => t.id === active.value) ?? null)

  const find = (id: string): Tab | undefined => tabs.value.find((t) => t.id === id)

  function title(tab: Tab): string {
    return tab.pop?.customer?.name || phoneText(tab.call.number) || words(tab.call.line_name)
  }

  function open(call: CallView): void {
    const known = find(call.id)
    if (known) {
      known.call = call
      return
    }
    const received = performance.now()
    const answer = askPop(call.number, call.id, call.line, call.keyed) // on its way before the first stroke is drawn
    tabs.value.push({ id: call.id, call, pop: null, popState: 'loading', unfinished: false, drawn: false })
    void drawPop(call.id, received, answer)
    if (!current.value || !desk.live || desk.live.id === call.id) active.value = call.id
  }

  async function fetchPop(id: string): Promise<void> {
    const tab = find(id)
    if (tab) await drawPop(id, performance.now(), askPop(tab.call.number, id, tab.call.line, tab.call.keyed))
  }

  async function drawPop(id: string, received: number, answer: Promise<Pop>): Promise<void> {
    const tab = find(id)
    if (!tab) return
    const mark: PopMark = { call: id, offered: tab.call.offered, received, answered: null, drawn: null }
    marks.push(mark)
    if (marks.length > 200) marks.shift()
    try {
      const pop = await answer
      mark.answered = performance.now()
      tab.pop = pop
      tab.popState = 'ready'
    } catch {
      tab.popState = 'failed'
    }
    await nextTick()
    requestAnimationFrame(() => {
      const channel = new MessageChannel() // the first task after the frame is painted
      channel.port1.onmessage = () => {
        mark.drawn = performance.now()
        performance.mark('pop-drawn', { detail: { call: id } })
        // Making the form takes longer than all before it: the frame goes to the screen first.
        whenIdle(() => (tab.drawn = true), 100)
      }
      channel.port2.postMessage(0)
    })
  }

  function setCustomer(id: string, customer: CustomerShort): void {
    const tab = find(id)
    if (tab?.pop) tab.pop = { ...tab.pop, known: true, customer }
    else if (tab) tab.pop = { known: true, customer, cars: [], cars_count: 0, ties: [], bookings: [], warnings: [], orders: [], repairs: [], card: null, calls: [], other_matches: [] }
  }

  /** Another customer of the same number was meant. */
  function setFile(id: string, file: Pop): void {
    const tab = find(id)
    if (tab) tab.pop = { ...file, other_matches: [...(tab.pop?.other_matches ?? []), ...(tab.pop?.customer ? [tab.pop.customer] : [])].filter((c) => c.id !== file.customer?.id) }
  }

  /** A colleague changed something of somebody who is on a tab: read again, without losing who else may be meant or what was asked for. */
  async function refresh(): Promise<void> {
    for (const tab of tabs.value) {
      const was = tab.pop
      if (!was?.customer) continue
      const file = await ok(api.GET('/api/customers/{customer}/file', { params: { path: { customer: was.customer.id }, query: was.cars[0]?.because === 'asked' ? { car: was.cars[0].id } : {} } })).catch(() => null)
      if (!file || tab.pop?.customer?.id !== was.customer.id) continue
      tab.pop = { ...file, calls: file.calls.filter((call) => call.id !== tab.id), other_matches: was.other_matches }
    }
  }

  function close(id: string): void {
    const index = tabs.value.findIndex((t) => t.id === id)
    if (index < 0 || desk.call(id)) return
    tabs.value.splice(index, 1)
    if (active.value === id) active.value = tabs.value[Math.min(index, tabs.value.length - 1)]?.id ?? ''
  }

  function next(): void {
    const index = tabs.value.findIndex((t) => t.id === active.value)
    active.value = tabs.value[(index + 1) % tabs.value.length]?.id ?? ''
  }

  desk.onCall((call, before) => {
    if (call.phase === 'test' || desk.watching) return
    open(call)
    if (call.phase === 'talking' && before?.phase !== 'talking') active.value = call.id
  })

  // A call that went away keeps its tab while its record is unfinished; an offer that went to somebody else does not.
  watch(
    () => desk.calls.map((c) => c.id).join(),
    () => {
      for (const tab of [...tabs.value]) {
        if (desk.call(tab.id) || desk.link !== 'up') continue
        // nor does one that was only listened to: its record is another's
        if (!tab.call.answered || !tab.unfinished || tab.call.phase === 'supervising') close(tab.id)
      }
    },
  )

  return { tabs, active, current, marks, title, open, close, next, fetchPop, setCustomer, setFile, refresh, find }
})
