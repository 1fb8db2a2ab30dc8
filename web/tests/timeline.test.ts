import { describe, expect, it } from 'vitest'
import type { TimelineEntry } from '../src/api/types'
import { kept, merged } from '../src/lib/timeline'

const entry = (at: string, id: string, by = ''): TimelineEntry => ({ at, kind: 'call', object_id: id, store: 1, title: { zh: id, en: id }, text: '', by, link: '', tone: '' })
const [a, b, c] = [entry('2026-11-29T10:00:00Z', 'a', '王磊'), entry('2026-11-28T10:00:00Z', 'b'), entry('2026-11-01T10:00:00Z', 'c', '王磊')]

describe('a timeline put together of pages', () => {
  it('is newest first and has nothing twice, whichever page says it', () => {
    expect(merged([b!, c!], [a!, b!]).map((one) => one.object_id)).toEqual(['a', 'b', 'c'])
  })
  it('is narrowed by days, the last one included', () => {
    const all = [a!, b!, c!]
    expect(kept(all, { since: '', until: '' })).toEqual(all)
    expect(kept(all, { since: '2026-11-28T00:00:00Z', until: '2026-11-29T00:00:00Z' })).toEqual([b])
  })
})
