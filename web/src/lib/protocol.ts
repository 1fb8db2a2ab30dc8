/** The desk's WebSocket, as docs/reference/desk-protocol.md says it. Times are seconds since the epoch. */

export interface Text {
  zh: string
  en: string
}

export type AgentState = 'offline' | 'ready' | 'reserved' | 'ringing' | 'talking' | 'wrap' | 'busy' | 'outbound'
export type Phase = 'offered' | 'talking' | 'held' | 'reconnecting' | 'wrap' | 'dialling' | 'test'
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
  recording: 'on' | 'off' | 'failed'
  channel_hint: string
  /** Going out: the number has answered. */
  far_answered?: boolean
}

export interface Reason {
  code: string
  name: Text
  minutes: number
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
  call_since: number | null
}

export interface Board {
  queues: { id: number; store: number; waiting: number; oldest: number | null; ready: number; talking: number; name?: Text; service_seconds?: number }[]
  people: BoardPerson[]
  lines: { id: number; store: number; name: Text; live: number }[]
  now: number
}

export interface Alarm {
  code: string
  text: Text
  on: boolean
}

export type FromSwitch =
  | {
      type: 'welcome'
      person: { id: number; name: string; extension: string; roles: string[] }
      agent: AgentView
      calls: CallView[]
      sip: SipAccount
      reasons: Reason[]
      queues: QueueInfo[]
      lines?: LineInfo[]
      now: number
    }
  | ({ type: 'agent' } & AgentView)
  | ({ type: 'call' } & CallView)
  | { type: 'call_gone'; call: string; rev: number; text?: Text | null }
  | { type: 'queues'; waiting: Record<string, { count: number; oldest: number | null }> }
  | ({ type: 'board' } & Board)
  | ({ type: 'alarm' } & Alarm)
  | { type: 'signed_out'; cause: 'duplicate' | 'removed' | 'restart' }
  | { type: 'pong' }
  | { type: 'ok'; id: string }
  | { type: 'error'; id: string; code: string; text: Text }

export type Command =
  | { type: 'phone'; registered: boolean; microphone: Microphone }
  | { type: 'state'; state: 'ready' | 'busy' | 'offline'; reason?: string }
  | { type: 'hold' | 'unhold' | 'mute' | 'unmute' | 'hangup' | 'refuse' | 'answer' | 'wrap_done' | 'wrap_more'; call: string }
  | { type: 'keys'; call: string; digits: string }
  | { type: 'dial'; number: string; line: number }
  | { type: 'headset_test' }
  | { type: 'board'; on: boolean }
