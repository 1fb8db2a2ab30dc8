import { describe, expect, it } from 'vitest'
import { alarmsOf, levelTone, merged, serviceLevel, totals } from '../src/lib/board'
import { sheetOf } from '../src/lib/paging'
import type { Board, BoardAlarm, BoardPerson, BoardQueue } from '../src/lib/protocol'

const queue = (id: number, more: Partial<BoardQueue> = {}): BoardQueue => ({
  id, store: 1, name: { zh: '', en: '' }, service_seconds: 20, limits: [0, 0, 0], waiting: 0, oldest: null, expected: null, ready: 0, present: 0, talking: 0, borrowed: 0,
  answered: 0, within: 0, lost_late: 0, abandons: [0, 0, 0, 0], sent_on: 0, level: null, average_wait: null, average_talk: null, ...more,
})
const person = (id: number, state: BoardPerson['state'] = 'ready'): BoardPerson => ({ id, name: `p${id}`, store: 1, state, reason: '', since: 0, call_since: null })
const alarm = (id: string, since: number, ended: number | null = null): BoardAlarm => ({ id, kind: 'waiting', store: 1, queue: 1, person: null, name: null, value: 1, limit: 1, since, ended })
const board = (): Board => ({ queues: [queue(1), queue(2)], people: [person(1), person(2)], lines: [], alarms: [alarm('a', 5)], now: 10 })

describe('the board', () => {
  it('is the whole with what changed; rows take the place of those with their id, and what is gone is gone', () => {
    const after = merged(board(), { queues: [queue(2, { waiting: 3 })], people: [person(3)], gone: { people: [1] }, alarms: [alarm('a', 5, 9), alarm('b', 8)], now: 11 })!
    expect(after.queues.map((q) => q.waiting)).toEqual([0, 3])
    expect(after.people.map((p) => p.id)).toEqual([2, 3])
    expect(after.now).toBe(11)
    expect(alarmsOf(after, () => true).on.map((a) => a.id)).toEqual(['b'])
    expect(alarmsOf(after, () => true).ended.map((a) => a.id)).toEqual(['a'])
    expect(alarmsOf(after, () => false).on).toEqual([])
  })
  it('has nothing to change before the whole is there', () => {
    expect(merged(null, { queues: [queue(1)], now: 1 })).toBeNull()
  })
  it('leaves alone what did not change', () => {
    const old = board()
    expect(merged(old, { now: 12 })!.people).toBe(old.people)
  })
  it('reckons the sums by the one formula', () => {
    expect(serviceLevel(0, 0, 0)).toBeNull()
    const sum = totals([queue(1, { answered: 3, within: 2, lost_late: 1, abandons: [1, 0, 1, 0], waiting: 1, oldest: 90 }), queue(2, { answered: 4, within: 4, waiting: 2, oldest: 70 })], [person(1), person(2, 'talking')])
    expect(sum).toMatchObject({ waiting: 3, oldest: 70, answered: 7, abandoned: 2, level: 6 / 8, talking: 1, ready: 1 })
  })
  it('colours the level against the limit of the queue', () => {
    expect([levelTone(null), levelTone(0.8), levelTone(0.7), levelTone(0.5), levelTone(0.85, 90)]).toEqual(['away', 'ready', 'wrap', 'lost', 'wrap'])
  })
})

describe('a wall with too much to show', () => {
  it('goes through it, sheet by sheet, and begins anew', () => {
    const rows = [1, 2, 3, 4, 5]
    expect([0, 1, 2, 3].map((turn) => sheetOf(rows, 2, turn).rows)).toEqual([[1, 2], [3, 4], [5], [1, 2]])
    expect(sheetOf(rows, 9, 7)).toEqual({ rows, sheet: 0, sheets: 1 })
    expect(sheetOf([], 9, 7)).toEqual({ rows: [], sheet: 0, sheets: 1 })
  })
})
