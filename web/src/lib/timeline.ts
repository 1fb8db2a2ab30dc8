/** A customer's timeline as it is put together of pages. Pure. */
import type { TimelineEntry } from '@/api/types'

const key = (one: TimelineEntry): string => `${one.kind} ${one.object_id} ${one.at} ${one.title.en}`

/** Newest first, each once: where two answers overlap the first says it. */
export function merged(first: TimelineEntry[], second: TimelineEntry[]): TimelineEntry[] {
  const known = new Set(first.map(key))
  return [...first, ...second.filter((one) => !known.has(key(one)))].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

export interface Wanted {
  /** Moments; `''`: no limit. */
  since: string
  until: string
}

export function kept(entries: TimelineEntry[], { since, until }: Wanted): TimelineEntry[] {
  const [from, to] = [since ? Date.parse(since) : -Infinity, until ? Date.parse(until) : Infinity]
  return entries.filter((one) => Date.parse(one.at) >= from && Date.parse(one.at) < to)
}
