/** The desk's WebSocket, as docs/reference/desk-protocol.md says it. Times are seconds since the epoch. */
import type { Changed } from './changed'

export interface Text {
  zh: string
  en: string
}

export type AgentState = 'offline' | 'ready' | 'reserved' | 'ringing' | 'talking' | 'supervising' | 'wrap' | 'busy' | 'away' | 'outbound'
/** What a customer is rung for: advertising keeps consent, hours and how often. */
export const PURPOSES = ['service', 'marketing', 'survey'] as const
export type DialPurpose = (typeof PURPOSES)[number]
export type Phase = 'offered' | 'talking' | 'held' | 'reconnecting' | 'wrap' | 'dialling' | 'test' | 'supervising' | 'parked'
export type Way = 'transfer' | 'consult' | 'invite'
export type Mode = 'listen' | 'whisper' | 'barge'
export type Loudness = 'normal' | 'soft' | 'off'
export type Microphone = 'ok' | 'refused' | 'missing' | 'unknown'

export interface AgentView {
  state: AgentState
  reason: string
  cause: string
  since: number
  until: number | null
  text: Text | null
  /** Asked for during a call, comes true after it. */
  wish?: { state: AgentState; reason: string } | null
  /** A conversation he left, or lost with his page, that goes on without him. */
  rejoin?: Rejoin | null
  /** A break that he asked a lead for. */
  asks?: { reason: string; since: number } | null
}

export interface Rejoin {
  call: string
  number: string
  line_name: Text
  people: string[]
}

export type PartyState = 'ringing' | 'in' | 'held' | 'waiting' | 'alone' | 'listening' | 'whispering'

export interface Party {
  /** `customer`, `p1`, ... */
  id: string
  role: 'customer' | 'agent' | 'outside' | 'lead'
  name: string
  number: string
  person: number | null
  room: string
  state: PartyState
  muted: boolean
  host: boolean
  me: boolean
  since: number
}

/** Somebody is being brought in, or is here for a word. */
export interface Attempt {
  how: Way | 'return' | 'lead' | 'rejoin'
  state: 'asking' | 'consulting' | 'inviting' | 'transferring' | 'returning' | 'leading'
  to: string
  party: string
  until: number | null
}

/** Why a phone rings for a call that comes from no queue. */
export interface Offer {
  how: Way | 'return' | 'lead' | 'rejoin'
  by: string
  text: Text | null
}

export interface Keyed {
  customer: number | null
  car: number | null
  by: 'plate' | 'vin_end' | 'card' | 'order' | 'repair' | 'several' | 'nobody'
  among: number[]
  digits: string
}

export interface CallView {
  id: string
  rev: number
  phase: Phase
  direction: 'in' | 'out'
  number: string
  to_number: string
  store: number
  store_name: Text
  line: number
  line_name: Text
  line_kind: string
  queue: number | null
  queue_name: Text
  language: string
  path: Text[]
  arrived: number
  waited: number
  offered: number | null
  ring_until: number | null
  answered: number | null
  held_since: number | null
  muted: boolean
  wrap_until: number | null
  recording: 'on' | 'off' | 'failed' | 'paused'
  channel_hint: string
  /** Going out: the number has answered. */
  far_answered?: boolean
  /** The reader's own party. */
  me: string
  my_role: 'agent' | 'lead'
  host: boolean
  locked: boolean
  /** How loud each side room hears the main one. */
  main_heard?: Record<string, Loudness>
  offer: Offer | null
  /** Why this phone rings for a caller of a queue, where it is not simply his turn: he knows the caller, or helps out. */
  chosen?: { how: 'named' | 'last' | 'owner' | 'lent' } | null
  /** Who he is by the digits he keyed in the flow, and what they are of; of several `among` whom; the digits where they do not say it. */
  keyed?: Keyed | null
  parties: Party[]
  attempt: Attempt | null
  supervised: boolean
  hand: boolean
  /** The promised call-back that this call keeps; `own`: he rings himself. */
  promise?: { promised: number; due: number; tries: number; own: boolean; asked_from: string } | null
}

export interface Reason {
  code: string
  name: Text
  minutes: number
  /** A lead has to consent to it. */
  consent?: boolean
}

export interface QueueInfo {
  id: number
  code: string
  name: Text
  store: number
}

export interface LineInfo {
  id: number
  store: number
  name: Text
  kind?: string
}

export interface SipAccount {
  username: string
  password: string
  path: string
  realm: string
}

export interface BoardPerson {
  id: number
  name: string
  store: number
  state: AgentState
  reason: string
  since: number
  until?: number | null
  /** He is on a call of this other store's queue. */
  lent?: number | null
  call_since: number | null
}

/** A queue now and today. Seconds; `level` is a share of 1; `limits`: waiting, oldest, level in per cent, 0 for none. */
export interface BoardQueue {
  id: number
  store: number
  name: Text
  service_seconds: number
  limits: [number, number, number]
  waiting: number
  oldest: number | null
  expected: number | null
  ready: number
  present: number
  talking: number
  /** Of those talking: with people of other stores. */
  borrowed: number
  answered: number
  within: number
  lost_late: number
  /** Who hung up after 0-5, 5-20, 20-60, 60 and more seconds. */
  abandons: [number, number, number, number]
  sent_on: number
  level: number | null
  average_wait: number | null
  average_talk: number | null
}

export interface BoardLine {
  id: number
  store: number
  name: Text
  live: number
}

/** Something beyond its limit. `value`: the worst since it began; `name`: of the queue, or of the person. */
export interface BoardAlarm {
  id: string
  kind: 'waiting' | 'oldest' | 'level' | 'nobody' | 'over_break'
  store: number
  queue: number | null
  person: number | null
  name: Text | null
  value: number
  limit: number
  since: number
  ended: number | null
}

/** One who waits in a queue, for a lead. `rings`: whose phone rings for him; he has no place then. */
export interface WaitingCaller {
  call: string
  number: string
  line_name: Text | null
  path: Text[]
  since: number
  position: number | null
  expected: number | null
  rings: string | null
}

export interface WhyPerson {
  agent: number
  queue: number
  name: string
  store: number
  reason: 'rings' | 'offline' | 'resting' | 'busy' | 'offered' | 'full' | 'lacks' | 'kept' | 'later'
  doing?: string
  skill_name?: Text
  level?: number
  has?: number
}

export interface WhyNext {
  at: number | null
  what: 'relax' | 'patience' | 'overflow' | 'waited_out'
  skill_name?: Text
  level?: number
  people?: { name: string }[]
  when?: 'waited' | 'expected' | 'length' | 'nobody'
  value?: number
  to?: 'queue' | 'number' | 'callback' | 'voicemail'
  queue_name?: Text
}

/** Why a caller waits. */
export interface Why {
  call: string
  queue: number
  position: number | null
  waiting: number
  since: number
  expected: number | null
  priority: number
  front: boolean
  strategy: string
  wants: { skill: number; skill_name: Text; level: number }[]
  nice: { skill: number; skill_name: Text; level: number }[]
  kept: { people: { name: string }[]; until: number } | null
  lent: { queue: number; queue_name: Text }[]
  counts: Record<string, number>
  people: WhyPerson[]
  next: WhyNext[]
}

export interface Board {
  queues: BoardQueue[]
  people: BoardPerson[]
  lines: BoardLine[]
  alarms?: BoardAlarm[]
  now: number
}

/** Rows that changed or came, and ids of those that are gone. */
export interface BoardChanges {
  queues?: BoardQueue[]
  people?: BoardPerson[]
  lines?: BoardLine[]
  alarms?: BoardAlarm[]
  gone?: { queues?: number[]; people?: number[]; lines?: number[] }
  now: number
}

export interface Colleague {
  id: number
  name: string
  extension: string
  store: number
  store_name: Text
  queues: number[]
  state: AgentState
  reason: string
  since: number
  /** Can be rung now. */
  free: boolean
}

/** Somebody who asks the leads for help. */
export interface Hand {
  person: number
  name: string
  call: string
  note: string
  since: number
}

/** Somebody who asks a lead's consent to a break. */
export interface BreakRequest {
  person: number
  name: string
  store: number
  state: AgentState
  reason: string
  since: number
}

export type Target = { kind: 'person' | 'queue' | 'line'; id: number } | { kind: 'number'; number: string }

export interface Alarm {
  code: string
  text: Text
  on: boolean
}

/** What rings for somebody: this browser, his desk phone, his own number outside. */
export const DEVICES = ['browser', 'phone', 'outside'] as const
export type DeviceKind = (typeof DEVICES)[number]

export type FromSwitch =
  | {
      type: 'welcome'
      /** `phone`: he has a desk phone; `outside`: his own number outside, masked, or nothing. */
      person: { id: number; name: string; extension: string; roles: string[]; phone?: boolean; outside?: string }
      /** null for a page that only looks. */
      agent: AgentView | null
      calls: CallView[]
      /** null for a screen on a wall. */
      sip: SipAccount | null
      /** The stores whose board he may see. */
      stores?: { id: number; name: Text }[]
      reasons: Reason[]
      /** So long untouched, and a ready agent's page says that nobody is there; 0: never. */
      idle_minutes?: number
      queues: QueueInfo[]
      lines?: LineInfo[]
      /** Of the whole group: where a call can be transferred to. */
      targets?: { queues: QueueInfo[]; lines: LineInfo[] }
      now: number
    }
  | ({ type: 'agent' } & AgentView)
  | ({ type: 'call' } & CallView)
  | { type: 'call_gone'; call: string; rev: number; text?: Text | null }
  | { type: 'queues'; waiting: Record<string, { count: number; oldest: number | null }> }
  | ({ type: 'board' } & Board)
  | ({ type: 'board_changes' } & BoardChanges)
  | { type: 'colleagues'; people: Colleague[]; now: number }
  | { type: 'hands'; hands: Hand[] }
  | { type: 'requests'; requests: BreakRequest[] }
  | { type: 'notice'; text: Text; kind: 'info' | 'warning' }
  | ({ type: 'record.changed' } & Changed)
  | ({ type: 'alarm' } & Alarm)
  | { type: 'signed_out'; cause: 'duplicate' | 'removed' | 'restart' }
  | { type: 'pong' }
  | Answer
  | { type: 'error'; id: string; code: string; text: Text }

/** What a command brought: the party called in, the side room opened, the call a lead came to. */
export interface Answer {
  type: 'ok'
  id: string
  party?: string
  room?: string
  call?: string
  /** A lead has to consent to it first; so many are at their desks. */
  asked?: number
  waiting?: { queue: number; calls: WaitingCaller[]; count: number }
  why?: Why
}

export type Command =
  | { type: 'phone'; registered: boolean; microphone: Microphone }
  | { type: 'state'; state: 'ready' | 'busy' | 'offline'; reason?: string }
  | { type: 'present'; on: boolean; why?: 'idle' | 'locked' }
  | { type: 'waiting'; queue: number }
  | { type: 'explain'; call: string }
  | { type: 'take_back' }
  | { type: 'consent'; person: number; grant: boolean }
  | { type: 'hold' | 'unhold' | 'mute' | 'unmute'; call: string; party?: string }
  | { type: 'refuse' | 'answer' | 'wrap_done' | 'wrap_more' | 'take'; call: string }
  | { type: 'hangup'; call: string; all?: boolean }
  | { type: 'bring'; call: string; how: Way; target: Target }
  | { type: 'complete' | 'three_way' | 'swap' | 'lock' | 'unlock' | 'record_pause' | 'record_resume' | 'take_over' | 'rejoin'; call: string }
  | { type: 'cancel'; call: string; party?: string }
  | { type: 'remove' | 'host'; call: string; party: string }
  | { type: 'aside'; call: string; parties: string[]; room: string; main?: Loudness }
  | { type: 'room_volume'; call: string; room: string; level: Loudness }
  | { type: 'back'; call: string; parties: string[] }
  | { type: 'supervise'; person: number; mode: Mode; follow?: boolean }
  | { type: 'force'; person: number; what: 'ready' | 'busy' | 'offline'; reason?: string }
  | { type: 'force_hangup'; person: number }
  | { type: 'raise_hand'; call: string; note: string }
  | { type: 'lower_hand'; call: string; person?: number }
  | { type: 'colleagues'; on: boolean }
  | { type: 'keys'; call: string; digits: string }
  | { type: 'dial'; number: string; line: number; purpose: DialPurpose; permit?: string }
  | { type: 'headset_test' }
  | { type: 'board'; on: boolean }
