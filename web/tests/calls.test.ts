import { describe, expect, it } from 'vitest'
import { emptyBook, fromWelcome, inOrder, withCall, withoutCall } from '../src/lib/calls'
import type { CallView } from '../src/lib/protocol'

const text = { zh: '', en: '' }
const call = (id: string, rev: number, more: Partial<CallView> = {}): CallView => ({
  id, rev, phase: 'offered', direction: 'in', number: '+8613812345678', to_number: '02166660001', store: 1, store_name: text, line: 1, line_name: text, line_kind: 'sales', queue: 1, queue_name: text,
  language: 'zh', path: [], arrived: 100, waited: 3, offered: 110, ring_until: 130, answered: null, held_since: null, muted: false, wrap_until: null, recording: 'off', channel_hint: '',
  me: '', my_role: 'agent', host: false, locked: false, offer: null, parties: [], attempt: null, supervised: false, hand: false, ...more,
})

describe('what the desk knows of its calls', () => {
  it('a newer message replaces an older one', () => {
    const book = withCall(withCall(emptyBook(), call('a', 1)), call('a', 2, { phase: 'talking' }))
    expect(book.calls.a?.phase).toBe('talking')
  })

  it('a message that comes late changes nothing', () => {
    const now = withCall(emptyBook(), call('a', 5, { phase: 'talking' }))
    expect(withCall(now, call('a', 4, { phase: 'offered' }))).toBe(now)
    expect(withCall(now, call('a', 5, { phase: 'wrap' }))).toBe(now)
  })

  it('a call that has gone does not come back by a repeated message', () => {
    const gone = withoutCall(withCall(emptyBook(), call('a', 3)), 'a', 4)
    expect(withCall(gone, call('a', 3)).calls.a).toBeUndefined()
    expect(withCall(gone, call('a', 9)).calls.a?.rev).toBe(9) // offered again later: that is news
  })

  it('an old farewell does not take a call away', () => {
    const now = withCall(emptyBook(), call('a', 7))
    expect(withoutCall(now, 'a', 6)).toBe(now)
  })

  it('after reconnecting only what the switch names is there', () => {
    expect(Object.keys(fromWelcome([call('b', 1)]).calls)).toEqual(['b'])
  })

  it('the talk stands above what rings, and what rings above after-call work', () => {
    const book = fromWelcome([call('w', 1, { phase: 'wrap' }), call('r', 1), call('t', 1, { phase: 'talking' })])
    expect(inOrder(book).map((c) => c.id)).toEqual(['t', 'r', 'w'])
  })
})
