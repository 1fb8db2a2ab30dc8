import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, ok } from '@/api/http'
import { merged } from '@/lib/board'
import { emptyBook, fromWelcome, inOrder, isSmall, withCall, withoutCall } from '@/lib/calls'
import { tellChanged, tellMissed } from '@/lib/changed'
import { CommandError, DeskSocket, type Link } from '@/lib/deskSocket'
import { DEVICES, type AgentView, type Alarm, type Answer, type Board, type BreakRequest, type CallView, type Colleague, type Command, type DeviceKind, type FromSwitch, type Hand, type LineInfo, type QueueInfo, type Reason, type SipAccount, type Text } from '@/lib/protocol'
import { useClock } from './clock'

/** Told in passing: shown for a while, then forgotten. */
export interface Notice {
  id: number
  text: Text
  kind: 'info' | 'warning'
}

/** Which commands are the same one when given twice: a second click while the first is under way joins it. Digits are not: 1 1 is two. */
export function sameCommand(command: Command): string {
  if (command.type === 'keys' || command.type === 'phone' || command.type === 'present' || command.type === 'board' || command.type === 'colleagues') return ''
  return JSON.stringify(command)
}

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
  const targets = ref<{ queues: QueueInfo[]; lines: LineInfo[] }>({ queues: [], lines: [] })
  const colleagues = shallowRef<Colleague[] | null>(null)
  const hands = ref<Hand[]>([])
  const requests = ref<BreakRequest[]>([])
  const idleMinutes = ref(0)
  const notices = ref<Notice[]>([])
  /** Commands sent and not yet answered, by `sameCommand`. */
  const underWay = ref<Record<string, Command>>({})
  /** The agent a lead is with, as he asked for it; the switch says the rest in the call. */
  const watchedPerson = ref<number | null>(null)
  const following = ref(false)
  const waiting = ref<Record<string, { count: number; oldest: number | null }>>({})
  const board = shallowRef<Board | null>(null)
  const alarms = ref<Alarm[]>([])
  /** The stores whose board this page sees; a wall's name. */
  const stores = ref<{ id: number; name: Text }[]>([])
  const wallName = ref('')
  const sip = shallowRef<SipAccount | null>(null)
  const myId = ref(0)
  const device = ref<DeviceKind>(DEVICES.find((kind) => kind === localStorage.getItem('dealerline.device')) ?? 'browser')
  /** What else than this browser can ring: a desk phone, and his own number outside, masked. */
  const telephones = ref({ phone: false, outside: '' })
  /** This page only looks: another tab, or another computer, is the person's desk. */
  const watching = ref(false)
  const tab = crypto.randomUUID()
  const clock = useClock()
  const listeners = new Set<Listener>()
  let socket: DeskSocket | null = null
  const running = new Map<string, Promise<Answer>>()
  const looks = { board: 0, colleagues: 0 }
  let noticed = 0
  let missed = false

  const calls = computed(() => inOrder(book.value))
  const offered = computed(() => calls.value.find((c) => c.phase === 'offered') ?? null)
  const live = computed(() => calls.value.find((c) => ['talking', 'held', 'reconnecting', 'dialling'].includes(c.phase)) ?? null)
  const supervising = computed(() => calls.value.find((c) => c.phase === 'supervising') ?? null)
  /** What he may come back to; not while he is on something else. */
  const rejoin = computed(() => (live.value || supervising.value || offered.value || watching.value ? null : (agent.value.rejoin ?? null)))
  const wrapping = computed(() => calls.value.find((c) => c.phase === 'wrap' && !isSmall(c)) ?? null)
  /** The calls one has, as they came: the first is Alt+1, whichever of them one is on. */
  const numbered = computed(() => calls.value.filter((c) => ['talking', 'held', 'reconnecting', 'dialling', 'parked'].includes(c.phase)).sort((a, b) => a.arrived - b.arrived))
  const parked = computed(() => numbered.value.filter((c) => c.phase === 'parked'))

  /** `ticket`: for a screen on a wall, which nobody is signed in at. `news`: a page that wants nothing but what was changed. */
  function connect(watch: boolean, ticket?: () => Promise<string>, news = false): void {
    if (socket) return
    signedOut.value = ''
    watching.value = watch
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    socket = new DeskSocket({
      url: `${scheme}://${location.host}/desk`,
      tab,
      device: device.value,
      watch,
      news,
      ticket: ticket ?? (async () => (await ok(api.POST('/api/desk/ticket'))).ticket),
      onMessage: read,
      onLink: linked,
    })
  }

  /** Back after a while: not all pages of a house read again in the same moment. */
  function linked(value: Link): void {
    if (value === 'lost') missed = true
    if (value === 'up' && missed) {
      missed = false
      setTimeout(tellMissed, Math.random() * 1500)
    }
    link.value = value
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
        telephones.value = { phone: message.person.phone ?? false, outside: message.person.outside ?? '' }
        if (message.agent) agent.value = message.agent
        reasons.value = message.reasons
        queues.value = message.queues
        lines.value = message.lines ?? []
        targets.value = message.targets ?? { queues: queues.value, lines: lines.value }
        sip.value = message.sip
        stores.value = message.stores ?? []
        wallName.value = message.person.id ? '' : message.person.name
        idleMinutes.value = message.idle_minutes ?? 0
        requests.value = []
        welcomeCalls(message.calls)
        hands.value = [] // the switch says them again
        for (const what of ['board', 'colleagues'] as const) if (looks[what] > 0) void send({ type: what, on: true }).catch(() => undefined)
        break
      case 'agent':
        agent.value = message
        break
      case 'call':
        oneCall(message)
        break
      case 'call_gone':
        book.value = withoutCall(book.value, message.call, message.rev)
        if (message.text) notice(message.text, 'info')
        break
      case 'queues':
        waiting.value = message.waiting
        break
      case 'board':
        board.value = message
        break
      case 'board_changes':
        board.value = merged(board.value, message)
        break
      case 'colleagues':
        colleagues.value = message.people
        break
      case 'hands':
        hands.value = message.hands
        break
      case 'requests':
        requests.value = message.requests
        break
      case 'notice':
        notice(message.text, message.kind)
        break
      case 'record.changed':
        tellChanged(message)
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

  /** The same command given again before its answer is there is the same command. */
  function send(command: Command): Promise<Answer> {
    if (!socket) return Promise.reject(new CommandError('not_connected', null))
    const same = sameCommand(command)
    if (!same) return socket.send(command)
    const known = running.get(same)
    if (known) return known
    const answer = socket.send(command).finally(() => {
      running.delete(same)
      underWay.value = Object.fromEntries(Object.entries(underWay.value).filter(([key]) => key !== same))
    })
    running.set(same, answer)
    underWay.value = { ...underWay.value, [same]: command }
    return answer
  }

  /** Whether one of these commands to that call (or person) waits for its answer. */
  function waitsFor(of: string | number, ...types: Command['type'][]): boolean {
    return Object.values(underWay.value).some((c) => types.includes(c.type) && (('call' in c && c.call === of) || ('person' in c && c.person === of)))
  }

  function notice(text: Text, kind: 'info' | 'warning'): void {
    const again = notices.value.find((n) => n.text.zh === text.zh && n.text.en === text.en)
    notices.value = [...notices.value.filter((n) => n !== again), { id: ++noticed, text, kind }].slice(-4)
  }

  function setDevice(value: DeviceKind): void {
    device.value = value
    localStorage.setItem('dealerline.device', value)
    disconnect()
    connect(false)
  }

  /** Messages of that kind flow while somebody looks. Returns what ends the look. */
  function look(what: 'board' | 'colleagues'): () => void {
    const tell = (on: boolean): void => void send({ type: what, on }).catch(() => undefined)
    if (++looks[what] === 1) tell(true)
    let done = false
    return () => {
      if (done) return
      done = true
      if (--looks[what] === 0) tell(false)
    }
  }

  function onCall(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    link, signedOut, telephones, agent, calls, offered, live, supervising, wrapping, rejoin, numbered, parked, reasons, queues, lines, targets, waiting, board, colleagues, hands, requests, idleMinutes, stores, wallName, notices, alarms, sip, myId, device, watching, tab,
    watchedPerson, following, connect, disconnect, send, waitsFor, setDevice, onCall,
    watchBoard: () => look('board'),
    watchColleagues: () => look('colleagues'),
    notice,
    forget: (id: number) => (notices.value = notices.value.filter((n) => n.id !== id)),
    hurry: () => socket?.hurry(),
    lastMessage: () => socket?.lastMessage ?? 0,
    call: (id: string) => book.value.calls[id],
  }
})
