import { describe, expect, it } from 'vitest'
import type { TimelineEvent } from '../src/api/types'
import { audible, near, soundOf } from '../src/lib/laneSound'
import { inRows, marksOf, nextMark } from '../src/lib/marks'

const START = 1_800_000_000
const event = (kind: string, at: number, data: Record<string, unknown> = {}): TimelineEvent => ({ id: `${kind}${at}`, seq: 1, at: new Date((START + at) * 1000).toISOString(), kind, text: { zh: kind, en: kind }, data })

describe('marks on the axis of a recording', () => {
  const events = [
    event('queue.entered', 1), event('talk.started', 5), event('hold.started', 20), event('hold.ended', 26), event('invite.started', 30), event('party.joined', 34, { role: 'agent' }),
    event('talk.started', 34), event('room.entered', 40), event('supervision.changed', 44), event('recording.paused', 50), event('party.left', 60, { role: 'outside' }), event('talk.ended', 90), event('wrap.started', 91),
  ]

  it('shows what happened to the conversation, and nothing of the queue or of after-call work', () => {
    expect(marksOf(events, START + 5, 85).map((mark) => [mark.kind, mark.second])).toEqual([
      ['joined', 0], ['hold', 15], ['hold', 21], ['transfer', 25], ['joined', 29], ['room', 35], ['whisper', 39], ['pause', 45], ['left', 55], ['left', 85],
    ])
  })

  it('leaves out what lies before or after, and everything while the beginning is not known', () => {
    expect(marksOf(events, START + 28, 10).map((mark) => mark.kind)).toEqual(['transfer', 'joined'])
    expect(marksOf(events, null, 85)).toEqual([])
  })

  it('goes to the next mark and back, again and again', () => {
    const marks = marksOf(events, START + 5, 85)
    expect(nextMark(marks, 0, 1)?.second).toBe(15)
    expect(nextMark(marks, 15, 1)?.second).toBe(21)
    expect(nextMark(marks, 21.5, -1)?.second).toBe(15)
    expect(nextMark(marks, 85, 1)).toBeNull()
  })
})

describe('marks close to one another', () => {
  it('stand in rows of their own, and below again where there is room', () => {
    const marks = marksOf([0, 1, 2, 3, 50].map((at) => event('hold.started', at)), START, 100)
    expect(inRows(marks, 100)).toEqual([0, 1, 2, 0, 0])
  })
})

describe('voices played apart', () => {
  const lanes = [{ key: 'customer' }, { key: 'person-1' }, { key: 'p4' }]
  const none = new Set<string>()

  it('all sound but the silenced ones; those asked for alone sound alone', () => {
    expect([...audible(lanes, { muted: none, solo: none })]).toEqual(['customer', 'person-1', 'p4'])
    expect([...audible(lanes, { muted: new Set(['customer']), solo: none })]).toEqual(['person-1', 'p4'])
    expect([...audible(lanes, { muted: new Set(['p4']), solo: new Set(['p4', 'customer']) })]).toEqual(['customer', 'p4'])
  })

  it('a file is opened a little before its time and let go after it', () => {
    const segment = { at: 10, seconds: 5 }
    expect([4, 7, 12, 15].map((second) => near(segment, second, 4))).toEqual([false, true, true, false])
  })

  it('a track has its own file, a side that of its talk', () => {
    expect(soundOf({ id: 'a', kind: 'track' })).toBe('/api/tracks/a/audio')
    expect(soundOf({ id: 'b', kind: 'left' })).toBe('/api/recordings/b/audio')
  })
})
