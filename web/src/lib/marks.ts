/** The moments of a call worth a mark on its recording's axis. Pure: events in, marks out. */
import type { TimelineEvent } from '@/api/types'
import { toSeconds } from './time'

export type MarkKind = 'hold' | 'transfer' | 'joined' | 'left' | 'room' | 'whisper' | 'pause' | 'other'

export interface Mark {
  id: string
  kind: MarkKind
  /** Seconds from the beginning of the recording. */
  second: number
  text: TimelineEvent['text']
}

const KINDS: [RegExp, MarkKind][] = [
  [/^(hold\.|party\.(held|unheld))/, 'hold'],
  [/^(invite\.started|transfer\.done|taken_over|host\.changed)/, 'transfer'],
  [/^(party\.joined|talk\.started)/, 'joined'],
  [/^(party\.left|talk\.ended)/, 'left'],
  [/^room\.entered/, 'room'],
  [/^supervision\./, 'whisper'],
  [/^recording\.(paused|resumed)/, 'pause'],
  [/^(mute\.|party\.(muted|unmuted)|agent\.(lost|back)|key\.sent|hand\.raised|conference\.)/, 'other'],
]

/** An agent who joins is told twice: as a party and as a talk. Once is enough. */
const twice = (event: TimelineEvent): boolean => /^party\.(joined|left)/.test(event.kind) && event.data.role === 'agent'

export function marksOf(events: TimelineEvent[], start: number | null, seconds: number): Mark[] {
  if (start === null) return []
  return events.flatMap((event) => {
    const kind = KINDS.find(([pattern]) => pattern.test(event.kind))?.[1]
    const second = (toSeconds(event.at) ?? 0) - start
    return kind && !twice(event) && second > -0.5 && second <= seconds + 0.5 ? [{ id: event.id, kind, second: Math.max(0, Math.min(seconds, second)), text: event.text }] : []
  })
}

/** The mark before or after a moment; a little slack, so that pressing the key again goes on instead of staying. */
export function nextMark(marks: Mark[], second: number, step: 1 | -1): Mark | null {
  const there = step > 0 ? marks.filter((mark) => mark.second > second + 0.3) : marks.filter((mark) => mark.second < second - 1)
  return there.at(step > 0 ? 0 : -1) ?? null
}

/** A row for each mark, so that neighbours do not cover one another: the first of three that has room, a mark being a twentieth of the axis wide. */
export function inRows(marks: Mark[], seconds: number): number[] {
  const ends: number[] = [-Infinity, -Infinity, -Infinity]
  return marks.map((mark) => {
    const at = mark.second / Math.max(seconds, 0.001)
    const free = ends.findIndex((end) => at - end >= 0.055)
    const row = free >= 0 ? free : ends.indexOf(Math.min(...ends))
    ends[row] = at
    return row
  })
}
