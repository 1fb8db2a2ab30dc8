/** Whom one can bring into a call, as one list: who was brought in last, colleagues, queues, lines, a number. Pure. */
import type { CallView, Colleague, LineInfo, QueueInfo, Target, Way } from './protocol'

export type Kind = 'recent' | 'person' | 'queue' | 'line' | 'number'

export interface Row {
  key: string
  kind: Exclude<Kind, 'recent'>
  recent: boolean
  target: Target
  /** Names as they stand; a number as it was typed. */
  name: string
  store: string
  extension: string
  person: Colleague | null
  /** Queue: how many of its people can be rung, and how many callers wait. */
  freePeople: number
  waiting: number
  /** Key under `picker.` of why this cannot be done now; `state`: the person's own state says it. Empty: it can. */
  why: '' | 'state' | 'nobodyFree' | 'onlyTransfer' | 'here'
}

export interface Sources {
  colleagues: Colleague[]
  queues: QueueInfo[]
  lines: LineInfo[]
  waiting: Record<string, { count: number }>
  myId: number
  /** Names in the reader's language. */
  name: (text: { zh: string; en: string }) => string
  storeName: (id: number) => string
}

const RANK: Record<Colleague['state'], number> = { ready: 0, wrap: 2, busy: 3, away: 3, reserved: 4, ringing: 4, talking: 4, outbound: 4, supervising: 4, offline: 6 }
const SHOWN = 80

export const keyOf = (target: Target): string => (target.kind === 'number' ? `number:${target.number}` : `${target.kind}:${target.id}`)

function targetOf(key: string): Target | null {
  const [kind, rest] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)]
  if (kind === 'number') return { kind, number: rest }
  return kind === 'person' || kind === 'queue' || kind === 'line' ? { kind, id: Number(rest) } : null
}

/** What was typed, when it can be dialled. */
export function typedNumber(text: string): string {
  const plain = text.replace(/[\s()-]/g, '')
  return /^\+?\d{3,20}$/.test(plain) ? plain : ''
}

const blank = { recent: false, extension: '', person: null, freePeople: 0, waiting: 0, why: '' } as const

/** Everything there is, the best first, with the reason where it cannot be had. */
export function everything(call: CallView, way: Way, from: Sources): Row[] {
  const here = new Set(call.parties.map((p) => p.person))
  const people = [...from.colleagues]
    .filter((p) => p.id !== from.myId)
    .sort((a, b) => Number(b.free) - Number(a.free) || Number(b.store === call.store) - Number(a.store === call.store) || RANK[a.state] - RANK[b.state] || a.name.localeCompare(b.name, 'zh'))
    .map((p): Row => ({
      ...blank, key: `person:${p.id}`, kind: 'person', target: { kind: 'person', id: p.id }, name: p.name, store: from.name(p.store_name), extension: p.extension, person: p,
      why: here.has(p.id) ? 'here' : p.free ? '' : 'state',
    }))
  const queues = from.queues.map((q): Row => {
    const freePeople = from.colleagues.filter((p) => p.free && p.id !== from.myId && p.queues.includes(q.id)).length
    return {
      ...blank, key: `queue:${q.id}`, kind: 'queue', target: { kind: 'queue', id: q.id }, name: from.name(q.name), store: from.storeName(q.store), freePeople,
      waiting: from.waiting[String(q.id)]?.count ?? 0, why: way !== 'transfer' && freePeople === 0 ? 'nobodyFree' : '',
    }
  })
  const lines = from.lines
    .filter((l) => l.id !== call.line)
    .sort((a, b) => Number(a.store === call.store) - Number(b.store === call.store)) // another store's is what one looks for here
    .map((l): Row => ({
      ...blank, key: `line:${l.id}`, kind: 'line', target: { kind: 'line', id: l.id }, name: from.name(l.name), store: from.storeName(l.store), why: way === 'transfer' ? '' : 'onlyTransfer',
    }))
  return [...people, ...queues, ...lines]
}

/** The rows to show for what was typed and the kind chosen; those brought in before come first, whoever can be had before who cannot. */
export function pick(all: Row[], recent: string[], query: string, kind: 'all' | Row['kind']): Row[] {
  const wanted = query.trim().toLowerCase()
  const byKey = new Map(all.map((row) => [row.key, row]))
  const number = typedNumber(query)
  const before = recent
    .map((key) => byKey.get(key) ?? numberRow(key))
    .filter((row): row is Row => row !== null)
    .map((row) => ({ ...row, recent: true }))
  const known = new Set(before.map((row) => row.key))
  const rest = all.filter((row) => !known.has(row.key))
  const typed = number && !known.has(`number:${number}`) ? [numberRow(`number:${number}`)!] : []
  const fits = (row: Row): boolean =>
    (kind === 'all' || row.kind === kind) && (!wanted || [row.name, row.extension, row.store].some((text) => text.toLowerCase().includes(wanted)) || (row.kind === 'number' && number !== '' && row.name.includes(number)))
  const found = [...before, ...rest, ...typed].filter(fits)
  const rank = (row: Row): number => (row.why ? 2 : 0) - Number(number !== '' && row.extension === number) // an extension typed in full is meant
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN)
}

function numberRow(key: string): Row | null {
  const target = targetOf(key)
  return target?.kind === 'number' ? { ...blank, key, kind: 'number', target, name: target.number, store: '' } : null
}

/** Who was brought in last, kept for each person in his browser. */
export class Recent {
  private readonly place: string
  constructor(person: number, private readonly storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage) {
    this.place = `dealerline.recent.${person}`
  }

  get keys(): string[] {
    try {
      const kept: unknown = JSON.parse(this.storage.getItem(this.place) ?? '[]')
      return Array.isArray(kept) ? kept.filter((key): key is string => typeof key === 'string' && targetOf(key) !== null) : []
    } catch {
      return []
    }
  }

  add(target: Target): void {
    const key = keyOf(target)
    this.storage.setItem(this.place, JSON.stringify([key, ...this.keys.filter((k) => k !== key)].slice(0, 6)))
  }
}
