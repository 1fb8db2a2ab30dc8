/** The live board as data: the whole once, then what changed; and what is reckoned from it. Pure. */
import type { AgentState, Board, BoardAlarm, BoardChanges, BoardPerson, BoardQueue } from './protocol'
import { agentTone, type Tone } from './tones'

function rows<T extends { id: number | string }>(old: T[], changed: T[] | undefined, gone: (number | string)[] | undefined): T[] {
  if (!changed?.length && !gone?.length) return old
  const made = new Map(old.map((row) => [row.id, row]))
  for (const row of changed ?? []) made.set(row.id, row)
  for (const id of gone ?? []) made.delete(id)
  return [...made.values()]
}

/** The board with what changed; without a whole before it there is nothing that could have changed. */
export function merged(board: Board | null, changes: BoardChanges): Board | null {
  if (!board) return null
  const gone = changes.gone ?? {}
  const alarms = rows(board.alarms ?? [], changes.alarms, undefined)
  return {
    queues: rows(board.queues, changes.queues, gone.queues), people: rows(board.people, changes.people, gone.people), lines: rows(board.lines, changes.lines, gone.lines),
    alarms: alarms.length > 120 ? alarms.slice(-120) : alarms, now: changes.now,
  }
}

/** Answered within the queue's seconds, of those answered and those lost after them: docs/reference/board.md. */
export function serviceLevel(within: number, answered: number, lostLate: number): number | null {
  return answered + lostLate ? within / (answered + lostLate) : null
}

export const lost = (queue: BoardQueue): number => queue.abandons.reduce((sum, n) => sum + n, 0)

export function totals(queues: BoardQueue[], people: BoardPerson[]) {
  const sum = (pick: (q: BoardQueue) => number): number => queues.reduce((n, q) => n + pick(q), 0)
  const waits = queues.filter((q) => q.waiting && q.oldest !== null).map((q) => q.oldest as number)
  return {
    waiting: sum((q) => q.waiting), oldest: waits.length ? Math.min(...waits) : null, answered: sum((q) => q.answered), abandoned: sum(lost),
    level: serviceLevel(sum((q) => q.within), sum((q) => q.answered), sum((q) => q.lost_late)),
    talking: people.filter((p) => p.state === 'talking' || p.state === 'outbound').length, ready: people.filter((p) => p.state === 'ready').length,
  }
}

/** Against the queue's limit; without one against 80 %. */
export function levelTone(level: number | null, limit = 0): Tone {
  if (level === null) return 'away'
  const wanted = (limit || 80) / 100
  return level >= wanted ? 'ready' : level >= wanted - 0.2 ? 'wrap' : 'lost'
}

export const personTone = (person: BoardPerson, now: number): Tone => agentTone(person.state, person.reason, person.until ?? null, now)
export const overBreak = (person: BoardPerson, now: number): boolean => person.state === 'busy' && !!person.until && person.until < now

export const GROUPS: { key: AgentState; states: AgentState[] }[] = [
  { key: 'talking', states: ['talking', 'ringing', 'reserved', 'outbound', 'supervising'] },
  { key: 'ready', states: ['ready'] },
  { key: 'wrap', states: ['wrap'] },
  { key: 'busy', states: ['busy'] },
  { key: 'away', states: ['away'] },
]

/** Alarms that are on, the newest first; and those that ended, the latest end first. */
export function alarmsOf(board: Board | null, wanted: (store: number) => boolean): { on: BoardAlarm[]; ended: BoardAlarm[] } {
  const mine = (board?.alarms ?? []).filter((a) => wanted(a.store))
  return { on: mine.filter((a) => a.ended === null).sort((a, b) => b.since - a.since), ended: mine.filter((a) => a.ended !== null).sort((a, b) => (b.ended ?? 0) - (a.ended ?? 0)) }
}

export const ALARM_TONE: Record<BoardAlarm['kind'], Tone> = { waiting: 'lost', oldest: 'lost', nobody: 'lost', level: 'wrap', over_break: 'wrap' }
