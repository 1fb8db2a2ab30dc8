import { describe, expect, it } from 'vitest'
import { banner } from '../src/lib/attempt'
import { goesOn, hears, loudness, mayHost, mayMove, mayRemove, mayTurn, moveOf, rooms, showRooms, watched, whyNotBring } from '../src/lib/parties'
import { everything, pick, Recent, typedNumber, type Sources } from '../src/lib/picker'
import type { CallView, Colleague, Party } from '../src/lib/protocol'

const text = { zh: '', en: '' }
const party = (id: string, role: Party['role'], more: Partial<Party> = {}): Party => ({ id, role, name: id, number: '', person: null, room: 'main', state: 'in', muted: false, host: false, me: false, since: 100, ...more })
const customer = party('customer', 'customer', { name: '' })
const mine = party('p1', 'agent', { me: true, host: true, person: 7 })
const other = party('p2', 'agent', { person: 20, name: 'Wang' })
const call = (more: Partial<CallView> = {}): CallView => ({
  id: 'a', rev: 1, phase: 'talking', direction: 'in', number: '+8613812345678', to_number: '', store: 1, store_name: text, line: 11, line_name: text, line_kind: 'sales', queue: 1, queue_name: text,
  language: 'zh', path: [], arrived: 100, waited: 3, offered: 110, ring_until: 130, answered: 120, held_since: null, muted: false, wrap_until: null, recording: 'on', channel_hint: '',
  me: 'p1', my_role: 'agent', host: true, locked: false, offer: null, parties: [customer, mine], attempt: null, supervised: false, hand: false, ...more,
})
const consulting = { how: 'consult', state: 'consulting', to: 'Wang', party: 'p2', until: null } as const

describe('what the banner says while somebody is brought in', () => {
  it('says nothing when nobody is, or when it is over', () => {
    expect(banner(call())).toBeNull()
    expect(banner(call({ attempt: { ...consulting, state: '' as never } }))).toBeNull()
  })

  it('while the colleague’s phone rings: the customer hears music, and one may hand over, talk on or take it back', () => {
    const now = banner(call({ phase: 'held', parties: [{ ...customer, state: 'held' }, mine, { ...other, state: 'ringing' }], attempt: { ...consulting, state: 'asking', until: 150 } }))
    expect(now).toMatchObject({ title: 'asking', ringing: true, until: 150, since: 100, talks: [], music: [''], actions: ['complete', 'threeWay', 'cancelAttempt'] })
  })

  it('in a consultation: one talks to the colleague, the customer hears music', () => {
    const now = banner(call({ phase: 'held', parties: [{ ...customer, state: 'held' }, mine, other], attempt: consulting }))
    expect(now).toMatchObject({ title: 'consulting', ringing: false, until: null, talks: ['Wang'], music: [''], actions: ['complete', 'threeWay', 'swap', 'cancelAttempt'] })
  })

  it('after a swap it is the other way round', () => {
    const now = banner(call({ parties: [customer, mine, { ...other, state: 'held' }], attempt: consulting }))
    expect(now).toMatchObject({ title: 'swapped', talks: [''], music: ['Wang'] })
  })

  it('who has left by a transfer is told where it goes, and can do nothing any more', () => {
    const now = banner(call({ phase: 'wrap', parties: [{ ...customer, state: 'alone' }, { ...other, state: 'ringing' }], attempt: { ...consulting, how: 'transfer', state: 'transferring', until: 150 } }))
    expect(now).toMatchObject({ title: 'transferring', talks: [], actions: [] })
  })
})

describe('rooms and who hears whom', () => {
  const side = call({ parties: [customer, mine, { ...other, room: 's1' }, party('p3', 'outside', { room: 's1' })] })

  it('a talk of two, with a lead who listens, needs no rooms; three who talk do', () => {
    expect(showRooms(call({ parties: [customer, mine, party('p9', 'lead', { state: 'listening' })] }))).toBe(false)
    expect(showRooms(call({ parties: [customer, mine, { ...other, state: 'ringing' }] }))).toBe(false)
    expect(showRooms(call({ parties: [customer, mine, other] }))).toBe(true)
    expect(showRooms(call({ parties: [customer, mine, other], attempt: consulting }))).toBe(false)
    expect(showRooms(call({ parties: [customer, { ...mine, room: 's1' }] }))).toBe(true)
  })

  it('the main room first, then the side rooms in order', () => {
    expect(rooms(side).map((r) => [r.id, r.number, r.mine, r.parties.map((p) => p.id)])).toEqual([['main', 0, true, ['customer', 'p1']], ['s1', 1, false, ['p2', 'p3']]])
  })

  it('a side room hears the main room, the main room hears nothing of it', () => {
    const [c, , p2, p3] = side.parties as [Party, Party, Party, Party]
    expect(hears(side, p2, c)).toBe(true)
    expect(hears(side, c, p2)).toBe(false)
    expect(hears(side, p3, p2)).toBe(true)
  })

  it('a side room that does not want to hear the main room does not; who is in it, or the host, may say so', () => {
    const off = { ...side, main_heard: { s1: 'off' } } as CallView
    const [c, p1, p2, p3] = off.parties as [Party, Party, Party, Party]
    expect([hears(off, p2, c), hears(off, p2, p1), hears(off, p3, p2)]).toEqual([false, false, true])
    expect(hears({ ...side, main_heard: { s1: 'soft' } }, p2, c)).toBe(true)
    expect([mayTurn(off, 's1'), mayTurn({ ...off, host: false }, 's1'), mayTurn(off, 'main')]).toEqual([true, false, false])
    expect(loudness(call(), 's1')).toBe('normal')
  })

  it('on music one hears nobody and is heard by nobody; muted one hears', () => {
    const held = { ...customer, state: 'held' } as Party
    const now = call({ parties: [held, mine, { ...other, muted: true }] })
    expect(hears(now, mine, held)).toBe(false)
    expect(hears(now, held, mine)).toBe(false)
    expect(hears(now, mine, now.parties[2]!)).toBe(false)
    expect(hears(now, now.parties[2]!, mine)).toBe(true)
  })

  it('a whisper is for the agent alone, a listener is heard by nobody and hears all', () => {
    const lead = party('p9', 'lead', { state: 'whispering' })
    const now = call({ supervised: true, parties: [customer, mine, lead] })
    expect(hears(now, mine, lead)).toBe(true)
    expect(hears(now, customer, lead)).toBe(false)
    expect(hears(now, lead, customer)).toBe(true)
    expect(hears(now, mine, { ...lead, state: 'listening' })).toBe(false)
  })

  it('only the host moves the customer; a guest dropped into an empty side room takes the reader along', () => {
    expect(moveOf({ ...side, host: false }, 'customer', 's1')).toBeNull()
    expect(moveOf(side, 'customer', 's1')).toEqual({ type: 'aside', parties: ['customer'], room: 's1' })
    expect(moveOf(side, 'customer', '')).toEqual({ type: 'aside', parties: ['customer', 'p1'], room: '' })
    expect(moveOf(side, 'p2', 'main')).toEqual({ type: 'back', parties: ['p2'] })
    expect(moveOf(side, 'p2', 's1')).toBeNull()
    expect(moveOf(side, 'nobody', '')).toBeNull()
  })

  it('what the host alone may do', () => {
    expect([mayRemove(side, other), mayRemove(side, customer), mayRemove(side, mine), mayRemove({ ...side, host: false }, other)]).toEqual([true, false, false, false])
    expect([mayHost(side, other), mayHost(side, party('p3', 'outside'))]).toEqual([true, false])
    expect(mayMove(side, party('p9', 'lead', { state: 'in' }))).toBe(false)
  })

  it('hanging up ends a talk with the customer alone, and only leaves one with another agent', () => {
    expect(goesOn(call())).toBe(false)
    expect(goesOn(call({ parties: [customer, mine, { ...other, state: 'ringing' }] }))).toBe(false)
    expect(goesOn(call({ parties: [customer, mine, other] }))).toBe(true)
  })

  it('a lead is with the agent he chose, else with the host', () => {
    const led = call({ my_role: 'lead', parties: [customer, party('p1', 'agent', { person: 7, host: true }), other, party('p9', 'lead', { me: true, state: 'listening' })] })
    expect(watched(led, 20)?.id).toBe('p2')
    expect(watched(led, 99)?.id).toBe('p1')
  })

  it('one transfer or consultation at a time, but any number of invitations; a locked call is the host’s', () => {
    const asked = call({ attempt: { ...consulting, state: 'asking' } })
    expect([whyNotBring(asked, 'transfer'), whyNotBring(asked, 'invite')]).toEqual(['oneAtATime', ''])
    expect(whyNotBring(call({ attempt: { ...consulting, how: 'invite', state: 'inviting' } }), 'consult')).toBe('')
    expect([whyNotBring(call({ locked: true, host: false }), 'invite'), whyNotBring(call({ locked: true }), 'invite')]).toEqual(['locked', ''])
    expect(whyNotBring(call({ phase: 'dialling' }), 'transfer')).toBe('notNow')
  })
})

describe('whom one can bring in', () => {
  const person = (id: number, name: string, more: Partial<Colleague> = {}): Colleague => ({ id, name, extension: String(8000 + id), store: 1, store_name: { zh: '虹桥', en: 'Hongqiao' }, queues: [101], state: 'ready', reason: '', since: 0, free: true, ...more })
  const from: Sources = {
    colleagues: [person(7, 'Me'), person(20, 'Wang', { state: 'talking', free: false }), person(21, 'Zhao'), person(22, 'Sun', { store: 2, store_name: { zh: '浦东', en: 'Pudong' }, queues: [] })],
    queues: [{ id: 101, code: 's', name: { zh: '销售', en: 'Sales' }, store: 1 }, { id: 201, code: 'c', name: { zh: '投诉', en: 'Complaints' }, store: 2 }],
    lines: [{ id: 11, store: 1, name: { zh: '销售热线', en: 'Sales line' } }, { id: 21, store: 2, name: { zh: '维修热线', en: 'Repair line' } }],
    waiting: { 201: { count: 3 } }, myId: 7, name: (t) => t.en, storeName: (id) => ['', 'Hongqiao', 'Pudong'][id] ?? '',
  }
  const all = everything(call(), 'transfer', from)
  const keys = (rows: { key: string }[]): string[] => rows.map((r) => r.key)

  it('oneself is not there, the free of one’s own store first, who cannot be rung last and with the reason', () => {
    expect(keys(pick(all, [], '', 'person'))).toEqual(['person:21', 'person:22', 'person:20'])
    expect(pick(all, [], '', 'person').at(-1)?.why).toBe('state')
    expect(everything(call({ parties: [customer, mine, { ...other, person: 21 }] }), 'invite', from).find((r) => r.key === 'person:21')?.why).toBe('here')
  })

  it('who was brought in last comes first', () => {
    expect(keys(pick(all, ['queue:201', 'person:22'], '', 'all')).slice(0, 2)).toEqual(['queue:201', 'person:22'])
    expect(keys(pick(all, ['person:20'], '', 'all'))[0]).toBe('person:21') // he is in a talk
  })

  it('finds by name, extension and store', () => {
    expect(keys(pick(all, [], 'zha', 'all'))).toEqual(['person:21'])
    expect(keys(pick(all, [], '8022', 'all'))[0]).toBe('person:22')
    expect(keys(pick(all, [], 'pudong', 'all'))).toEqual(['person:22', 'queue:201', 'line:21'])
  })

  it('a number can be dialled as it is typed; an extension means the colleague', () => {
    expect(typedNumber('138 1234-5678')).toBe('13812345678')
    expect(typedNumber('Wang')).toBe('')
    expect(keys(pick(all, [], '138 1234 5678', 'all'))).toEqual(['number:13812345678'])
    expect(keys(pick(all, ['number:13812345678'], '1381', 'all'))).toEqual(['number:13812345678', 'number:1381'])
  })

  it('a queue can always take a transfer, but be asked only when somebody is free; a line only transferred to', () => {
    const asked = everything(call(), 'consult', from)
    expect(asked.find((r) => r.key === 'queue:201')?.why).toBe('nobodyFree')
    expect(asked.find((r) => r.key === 'queue:101')?.why).toBe('')
    expect(asked.find((r) => r.key === 'line:21')?.why).toBe('onlyTransfer')
    expect(all.find((r) => r.key === 'queue:201')).toMatchObject({ why: '', waiting: 3, freePeople: 0 })
    expect(all.some((r) => r.key === 'line:11')).toBe(false) // the call's own
  })

  it('remembers for each person apart, the newest first, and survives rubbish', () => {
    localStorage.clear()
    const recent = new Recent(7)
    recent.add({ kind: 'person', id: 20 })
    recent.add({ kind: 'number', number: '13812345678' })
    recent.add({ kind: 'person', id: 20 })
    expect(new Recent(7).keys).toEqual(['person:20', 'number:13812345678'])
    expect(new Recent(8).keys).toEqual([])
    localStorage.setItem('dealerline.recent.9', '{"a":')
    expect(new Recent(9).keys).toEqual([])
    localStorage.setItem('dealerline.recent.9', '["evil:1", 5, "queue:3"]')
    expect(new Recent(9).keys).toEqual(['queue:3'])
  })
})
