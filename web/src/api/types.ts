/** What the pages draw, in the words of docs/reference/records.md. */
import type { Text } from '@/lib/protocol'

export interface StoreName {
  id: number
  name: Text
}

export interface Me {
  id: number
  name: string
  username: string
  extension: string
  store: number | null
  stores: StoreName[]
  roles: string[]
  permissions: string[]
  masked: boolean
  language: string
}

export interface SessionInfo {
  signed_in: boolean
  person?: Me | null
  setup_needed: boolean
  demo: boolean
  csrf: string
  version: string
}

export interface Phone {
  id?: number
  number: string
  use?: string
  primary?: boolean
}

export interface Car {
  id: number
  vin: string
  plate: string
  brand: Text | string | null
  model: string
  year: number | null
  colour?: string
  mileage_km: number | null
  insurance_until: string | null
  inspection_until: string | null
}

export interface Order {
  id: number
  number: string
  model: string
  status: string
  amount: number | string | null
  ordered_on: string | null
  expected_on: string | null
  open: boolean
  store?: number
}

export interface Repair {
  id: number
  number: string
  stage: string
  work: string
  amount: number | string | null
  received_at: string | null
  promised_at: string | null
  open: boolean
  store?: number
  plate?: string
}

export interface Card {
  number: string
  level: string
  points: number
  balance: number | string
  valid_until: string | null
}

export interface CustomerShort {
  id: number
  name: string
  title?: string
  kind: string
  level: string
  labels: string[]
  company: string
  phones: Phone[]
  notes: string
  store: number
  version?: number
  need?: string
  number?: string | null
}

export interface PastCall {
  id: string
  at: string | number
  direction: string
  line_name?: Text | null
  outcome: string
  agent_name?: string
  matter?: Text | null
  result?: Text | null
  notes?: string
  seconds?: number
}

export interface Pop {
  known: boolean
  customer: CustomerShort | null
  cars: Car[]
  orders: Order[]
  repairs: Repair[]
  card: Card | null
  calls: PastCall[]
  other_matches: CustomerShort[]
}

export interface CallRecord {
  call: string
  matter: number | null
  result: number | null
  notes: string
  follow_up_at: string | null
  follow_up_note: string
  customer: number | null
  draft: boolean
  version: number
  author?: string | null
  updated_at?: string | null
}

export interface Choice {
  id: number
  name: Text
  children?: Choice[]
  required_follow_up?: boolean
}

export interface RecordChoices {
  matters: Choice[]
  results: Choice[]
}

export interface CallRow {
  id: string
  at: string | number
  direction: string
  number: string
  customer: { id: number; name: string } | null
  store: number
  store_name?: Text
  line_name: Text | null
  queue_name?: Text | null
  agent_name: string
  outcome: string
  waited: number | null
  talked: number | null
  matter?: Text | null
  result?: Text | null
  recordings: number
}

export interface Paged<T> {
  items: T[]
  total: number
  page: number
  pages: number
}

export interface Leg {
  agent: number
  agent_name: string
  from: string | number
  to: string | number | null
  seconds?: number
}

export interface RecordingInfo {
  id: number
  seconds: number
  state: string
  started_at: string | number | null
  sha256: string
  agent_name?: string
}

export interface CallDetail extends CallRow {
  ended_at: string | number | null
  ended_by: string
  path: Text[]
  legs: Leg[]
  recordings_list: RecordingInfo[]
  record: CallRecord | null
}

export interface TimelineEvent {
  id: string
  seq: number
  at: string | number
  kind: string
  text: Text
  data: Record<string, unknown>
}

export interface VoiceMessage {
  id: number
  call: string
  at: string | number
  number: string
  customer: { id: number; name: string } | null
  store: number
  kind: string
  seconds: number
  state: string
  assigned: { id: number; name: string } | null
  version?: number
}

export interface TodayQueue {
  queue: number
  name: Text
  store: number
  offered: number
  answered: number
  abandoned: number
  within: number
  service_level: number | null
  average_wait: number | null
  longest_wait: number | null
}

export interface Today {
  queues: TodayQueue[]
  hours: { hour: number; offered: number; answered: number; abandoned: number }[]
}
