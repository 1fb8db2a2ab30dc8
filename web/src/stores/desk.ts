import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, ok } from '@/api/http'
import { emptyBook, fromWelcome, inOrder, withCall, withoutCall } from '@/lib/calls'
import { CommandError, DeskSocket, type Link } from '@/lib/deskSocket'
import type { AgentView, Alarm, Board, CallView, Command, FromSwitch, LineInfo, QueueInfo, Reason, SipAccount, Text } from '@/lib/protocol'
import { useClock } from './clock'

type Listener = (call: CallView, before: CallView | undefined) => void

/** What the switch says: own state, own calls, queues, the board, alarms. Drawn as told; wishes go out as commands. */
export const useDesk = defineStore('desk', () => {
  const link = ref<Link>('off')
  const signedOut = ref<'' | 'duplicate' | 'removed' | 'restart'>('')
  const agent = ref<AgentView>({ state: 'offline', reason: '', cause: '', since: 0, until: null, text: null })
  const book = shallowRef(emptyBook())
  const reasons = ref<Reason[]>([])
  const queues = ref<QueueInfo[]>([])
  const lines = ref<LineInfo[]>([])
  /** Why a call that went out came to nothing, in the switch's words. */
  const lastWords = ref<Text | null>(null)
  const waiting = ref<Record<string, { count: number; oldest: number | null }>>({})
  const board = shallowRef<Board | null>(null)
  const alarms = ref<Alarm[]>([])
  const sip = shallowRef<SipAccount | null>(null)
  const myId = ref(0)
  const device = ref<'browser' | 'phone'>(localStorage.getItem('dealerline.device') === 'phone' ? 'phone' : 'browser')
  /** This page only looks: another tab, or another computer, is the person's desk. */
  const watching = ref(false)
  const tab = crypto.randomUUID()
  const clock = useClock()
  const listeners = new Set<Listener>()
  let socket: DeskSocket | null = null
  let boardWanted = 0

  const calls = computed(() => inOrder(book.value))
  const offered = computed(() => calls.value.find((c) => c.phase === 'offered') ?? null)
  const live = computed(() => calls.value.find((c) => ['talking', 'held', 'reconnecting', 'dialling'].includes(c.phase)) ?? null)
  const wrapping = computed(() => calls.value.find((c) => c.phase === 'wrap') ?? null)

  function connect(watch: boolean): void {
    if (socket) return
    signedOut.value = ''
    watching.value = watch
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    socket = new DeskSocket({
      url: `${scheme}://${location.host}/desk`,
      tab,
      device: device.value,
      watch,
      ticket: async () => (await ok(api.POST('/api/desk/ticket'))).ticket,
      onMessage: read,
      onLink: (value) => (link.value = value),
    })
  }

  function disconnect(): void {
    socket?.close()
    socket = null
    book.value = emptyBook()
    agent.value = { state: 'offline', reason: '', cause: '', since: clock.now, until: null, text: null }
  }

  function read(message: FromSwitch): void {
    switch (message.type) {
      case 'welcome':
        clock.correct(message.now)
        myId.value = message.person.id
        agent.value = message.agent
        reasons.value = message.reasons
        queues.value = message.queues
        lines.value = message.lines ?? []
        sip.value = message.sip
        welcomeCalls(message.calls)
        if (boardWanted > 0) void send({ type: 'board', on: true }).catch(() => undefined)
        break
      case 'agent':
        agent.value = message
        break
      case 'call':
        oneCall(message)
        break
      case 'call_gone':
        book.value = withoutCall(book.value, message.call, message.rev)
        lastWords.value = message.text ?? null
        break
      case 'queues':
        waiting.value = message.waiting
        break
      case 'board':
        board.value = message
        break
      case 'alarm':
        alarms.value = alarms.value.filter((a) => a.code !== message.code)
        if (message.on) alarms.value.push(message)
        break
      case 'signed_out':
        left(message.cause)
        break
      default:
        break
    }
  }

  function welcomeCalls(list: CallView[]): void {
    if (watching.value) return
    const before = book.value.calls
    book.value = fromWelcome(list)
    for (const call of list) for (const listener of listeners) listener(call, before[call.id])
  }

  function oneCall(call: CallView): void {
    if (watching.value) return // his calls belong to his desk, not to a page that looks on
    const before = book.value.calls[call.id]
    const after = withCall(book.value, call)
    if (after === book.value) return
    book.value = after
    for (const listener of listeners) listener(call, before)
  }

  function left(cause: 'duplicate' | 'removed' | 'restart'): void {
    if (cause === 'restart') return // the socket closes and comes back by itself
    signedOut.value = cause
    disconnect()
  }

  function send(command: Command): Promise<void> {
    return socket ? socket.send(command) : Promise.reject(new CommandError('not_connected', null))
  }

  function setDevice(value: 'browser' | 'phone'): void {
    device.value = value
    localStorage.setItem('dealerline.device', value)
    disconnect()
    connect(false)
  }

  /** Board messages flow while somebody looks. Returns what ends the look. */
  function watchBoard(): () => void {
    boardWanted += 1
    if (boardWanted === 1) void send({ type: 'board', on: true }).catch(() => undefined)
    let done = false
    return () => {
      if (done) return
      done = true
      boardWanted -= 1
      if (boardWanted === 0) void send({ type: 'board', on: false }).catch(() => undefined)
    }
  }

  function onCall(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    link, signedOut, agent, calls, offered, live, wrapping, reasons, queues, lines, lastWords, waiting, board, alarms, sip, myId, device, watching, tab,
    connect, disconnect, send, setDevice, watchBoard, onCall,
    hurry: () => socket?.hurry(),
    lastMessage: () => socket?.lastMessage ?? 0,
    call: (id: string) => book.value.calls[id],
  }
})
