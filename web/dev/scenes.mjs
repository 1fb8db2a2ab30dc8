// Recorded protocol messages: every state of a conversation of many, to look at without a switch (`GET /mock/scenes`, `POST /mock/scene/NAME`).
// Development only, like the mock that plays them.
const T = (zh, en) => ({ zh, en })
const now = () => Date.now() / 1000
const party = (id, role, name, more = {}) => ({ id, role, name, number: '', person: null, room: 'main', state: 'in', muted: false, host: false, me: false, since: now() - 40, ...more })
const customer = (more = {}) => party('customer', 'customer', '', { number: '+8613812345678', since: now() - 190, ...more })
const me = (more = {}) => party('p1', 'agent', '陈思雨', { person: 7, me: true, host: true, since: now() - 180, ...more })
const wang = (more = {}) => party('p2', 'agent', '王磊', { person: 20, ...more })
const zhao = (more = {}) => party('p3', 'agent', '赵敏', { person: 21, ...more })
const manager = (more = {}) => party('p4', 'outside', '', { number: '+8613900008888', ...more })
const insurer = (more = {}) => party('p5', 'outside', '平安保险 理赔专线', { number: '+8640081095512', ...more })
const lead = (more = {}) => party('p9', 'lead', '周婷', { person: 23, state: 'listening', ...more })
const base = (more = {}) => ({
  id: '0192dddd-0000-7000-8000-000000000001', phase: 'talking', direction: 'in', number: '+8613812345678', to_number: '02166660001', store: 1, store_name: T('安途虹桥店', 'Antu Hongqiao'), line: 12, line_name: T('维修预约', 'Repair line'), line_kind: 'repair',
  queue: 102, queue_name: T('维修', 'Repair'), language: 'zh', path: [T('维修', 'Repair'), T('查询进度', 'Progress')], arrived: now() - 215, waited: 24, offered: now() - 190, ring_until: now() + 14, answered: now() - 180, held_since: null, muted: false, wrap_until: null,
  recording: 'on', channel_hint: '', far_answered: true, me: 'p1', my_role: 'agent', host: true, locked: false, offer: null, parties: [customer(), me()], attempt: null, supervised: false, hand: false, ...more,
})
const attempt = (how, state, to, p, ring = true) => ({ how, state, to, party: p, until: ring ? now() + 17 : null })
const held = () => ({ phase: 'held', held_since: now() - 22 })
const offer = (how, by, text = null) => ({ agent: 'ringing', calls: [base({ phase: 'offered', answered: null, recording: 'off', offer: { how, by, text }, parties: [customer({ state: 'waiting' }), wang({ host: true }), me({ state: 'ringing', host: false })] })] })
const rung = (id, more) => ({ agent: 'ringing', calls: [base({ id: `0192dddd-0000-7000-8000-0000000000${id}`, number: '+8613900001234', phase: 'offered', answered: null, recording: 'off', parties: [customer({ state: 'waiting' }), me({ state: 'ringing', host: false })], ...more })] })
const again = () => ({ call: base({}).id, number: base({}).number, line_name: base({}).line_name, people: ['王磊', '赵敏'] })
const talk = (more) => ({ agent: 'talking', calls: [base(more)] })
const led = (state, more = {}) => ({ agent: 'supervising', calls: [base({ phase: 'supervising', me: 'p9', my_role: 'lead', host: false, parties: [customer(), wang({ host: true, since: now() - 180 }), lead({ name: '陈思雨', person: 7, me: true, state })], ...more })] })
const many = () => Array.from({ length: 26 }, (_, i) => party(`p${20 + i}`, i % 3 ? 'agent' : 'outside', i % 3 ? ['孙浩', '周婷', '吴刚', '郑爽', '马超', '林雪', '阿依古丽·买买提'][i % 7] : '', { person: i % 3 ? 100 + i : null, number: i % 3 ? '' : `+8613700${String(100000 + i * 37)}`, room: i % 5 === 4 ? 's1' : i % 7 === 6 ? 's2' : 'main', muted: i % 4 === 1 }))

const second = (more = {}) => base({ id: '0192dddd-0000-7000-8000-000000000002', number: '+8613900001234', direction: 'out', line: 11, line_name: T('销售热线', 'Sales line'), line_kind: 'sales', queue: null, path: [], arrived: now() - 70, waited: 0, offered: null, answered: now() - 55, parties: [customer({ number: '+8613900001234' }), me({ since: now() - 55 })], ...more })
const third = (more = {}) => second({ id: '0192dddd-0000-7000-8000-000000000003', number: '+862122180000', arrived: now() - 30, answered: now() - 12, ...more })
const parked = (since) => ({ phase: 'parked', held_since: now() - since, recording: 'off', me: '', host: false })
const several = (...calls) => ({ agent: 'talking', calls })

export const scenes = {
  'several-two': () => several(base(parked(68)), second()),
  'several-dialling': () => several(base(parked(4)), second({ phase: 'dialling', answered: null, far_answered: false, recording: 'off', arrived: now() - 4 })),
  'several-three': () => several(base(parked(68)), second(parked(29)), third()),
  'several-ended': () => several(base(parked(68)), second({ phase: 'wrap', recording: 'off', parties: [] })),
  keyed: () => rung('11', { number: '+8613812345678', keyed: { customer: 501, car: null, by: 'plate', among: [], digits: '' } }),
  'keyed-several': () => rung('12', { keyed: { customer: null, car: null, by: 'several', among: [501, 502], digits: '12345' } }),
  'keyed-nobody': () => rung('13', { keyed: { customer: null, car: null, by: 'nobody', among: [], digits: '12345' } }),
  talk: () => talk(),
  'talk-supervised': () => talk({ supervised: true }),
  'talk-whispered': () => talk({ supervised: true, parties: [customer(), me(), lead({ state: 'whispering' })] }),
  'talk-hand': () => talk({ hand: true }),
  'talk-paused': () => talk({ recording: 'paused', muted: true }),
  transferring: () => ({ agent: 'wrap', calls: [base({ phase: 'wrap', wrap_until: now() + 24, recording: 'off', parties: [customer({ state: 'waiting' }), wang({ state: 'ringing' })], attempt: attempt('transfer', 'transferring', '王磊', 'p2') })] }),
  'rejoin-wrap': () => ({ agent: 'wrap', rejoin: again(), calls: [base({ phase: 'wrap', wrap_until: now() + 24, recording: 'off', parties: [] })] }),
  'rejoin-lost': () => ({ agent: 'busy', rejoin: again(), calls: [] }),
  asking: () => talk({ ...held(), parties: [customer({ state: 'held' }), me(), wang({ state: 'ringing', since: now() - 8 })], attempt: attempt('consult', 'asking', '王磊', 'p2') }),
  consulting: () => talk({ ...held(), parties: [customer({ state: 'held' }), me(), wang()], attempt: attempt('consult', 'consulting', '王磊', 'p2', false) }),
  swapped: () => talk({ parties: [customer(), me(), wang({ state: 'held' })], attempt: attempt('consult', 'consulting', '王磊', 'p2', false) }),
  inviting: () => talk({ parties: [customer(), me(), manager({ state: 'ringing', since: now() - 11 })], attempt: attempt('invite', 'inviting', '139 0000 8888', 'p4') }),
  three: () => talk({ parties: [customer(), me(), wang()] }),
  rooms: () => talk({ locked: true, parties: [customer(), me(), wang({ room: 's1' }), insurer({ room: 's1' }), zhao({ room: 's2', muted: true }), manager({ state: 'held' })] }),
  'rooms-aside': () => talk({ host: false, main_heard: { s1: 'soft' }, parties: [customer(), wang({ host: true }), me({ room: 's1', host: false }), insurer({ room: 's1' })] }),
  'rooms-alone': () => talk({ parties: [customer({ state: 'alone' }), me({ room: 's1' }), wang({ room: 's1' })] }),
  'rooms-many': () => talk({ parties: [customer(), me(), wang(), ...many()] }),
  'call-back': () => ({ agent: 'ringing', calls: [base({ phase: 'offered', direction: 'out', answered: null, recording: 'off', parties: [customer({ state: 'waiting' }), me({ state: 'ringing', host: false })], promise: { promised: now() - 760, due: now() + 140, tries: 1, own: false, asked_from: '02166660001' } })] }),
  'call-back-own': () => talk({ promise: { promised: now() - 760, due: now() + 140, tries: 0, own: true, asked_from: '' } }),
  'offer-transfer': () => offer('transfer', '王磊'),
  'offer-consult': () => offer('consult', '王磊'),
  'offer-invite': () => offer('invite', '王磊'),
  'offer-return': () => offer('return', '王磊', T('王磊无人接听，客户在听音乐。', 'Wang Lei did not answer; the customer hears music.')),
  'offer-lead': () => offer('lead', '王磊', T('转接无人接听，转出的座席也不在。', 'Nobody took the transfer, and the agent who made it is away.')),
  'lead-coming': () => led('ringing'),
  'lead-listen': () => led('listening'),
  'lead-whisper': () => led('whispering'),
  'lead-barge': () => led('in'),
  'lead-requests': () => ({ agent: 'ready', calls: [], requests: [{ person: 21, name: '赵敏', store: 2, state: 'ready', reason: 'meeting', since: now() - 75 }, { person: 24, name: '吴刚', store: 1, state: 'talking', reason: 'meeting', since: now() - 8 }] }),
  'agent-asks': () => ({ agent: 'ready', calls: [], more: { asks: { reason: 'meeting', since: now() - 31 } } }),
  'agent-away': () => ({ agent: 'away', calls: [], more: { reason: 'idle', text: { zh: '页面长时间无人操作，已自动设为离开。动一下鼠标或按任意键即恢复示闲。', en: 'Nobody has touched this page for long, so you are away. Touch it, or press any key, and you are ready.' } } }),
  'lead-hands': () => ({ agent: 'ready', calls: [], hands: [{ person: 20, name: '王磊', call: 'x', note: '客户要求退车，想找店总', since: now() - 131 }, { person: 26, name: '马超', call: 'y', note: '', since: now() - 12 }] }),
  notices: () => ({ ...talk(), notices: [{ kind: 'warning', text: T('转给 王磊 没有接通：对方忙。客户已回到您这里。', 'The transfer to Wang Lei came to nothing: busy. The customer is back with you.') }, { kind: 'info', text: T('班长 周婷 已将您设为示忙（会议）。', 'Shift lead Zhou Ting has set you to busy (meeting).') }] }),
}

const state = (i) => ['talking', 'ready', 'wrap', 'busy', 'ready', 'offline', 'talking', 'busy'][i % 8]
export const colleagues = () => ({
  type: 'colleagues', now: now(),
  people: [...['王磊', '赵敏', '孙浩', '周婷', '吴刚', '郑爽', '马超', '林雪'].map((name, i) => [20 + i, name]), ...Array.from({ length: 40 }, (_, i) => [100 + i, `${'钱李何吕施张孔曹严华'[i % 10]}${['伟', '秀英', '建华', '晓明'][i % 4]}`])].map(([id, name], i) => ({
    id, name, extension: String(8000 + id), store: (i % 3) + 1, store_name: [T('安途虹桥店', 'Antu Hongqiao'), T('安途浦东店', 'Antu Pudong'), T('安途朝阳店', 'Antu Chaoyang')][i % 3], queues: [[101, 102], [201], [301]][i % 3],
    state: state(i), reason: i % 8 === 3 ? 'meal' : i % 8 === 7 ? 'no_answer' : '', since: now() - 37 * (i + 1), free: state(i) === 'ready' || (state(i) === 'busy' && i % 8 === 3),
  })),
})

let timer
/** Another scene: what was still to come of the last one does not. */
export const stop = () => clearTimeout(timer)

/** What a switch would do with the new commands, as far as the eye can see: `call(next)` merges and tells, `agent(next)` sets the state. */
export function play(m, c, { call, agent, gone, notice }) {
  const set = (next) => call({ id: c.id, ...next })
  const parties = (change) => c.parties.map((p) => ({ ...p, ...change(p) }))
  if (m.type === 'bring') {
    const name = m.target.kind === 'number' ? m.target.number : (colleagues().people.find((p) => p.id === m.target.id)?.name ?? '队列')
    const id = `p${c.parties.length + 1}`
    const fresh = party(id, m.target.kind === 'number' ? 'outside' : 'agent', m.target.kind === 'number' ? '' : name, { person: m.target.kind === 'person' ? m.target.id : null, number: m.target.number ?? '', state: 'ringing', since: now() })
    if (m.how === 'transfer') {
      agent({ state: 'wrap', until: now() + 30 })
      set({ phase: 'wrap', wrap_until: now() + 30, recording: 'off', parties: [...c.parties.filter((p) => !p.me), fresh], attempt: attempt('transfer', 'transferring', name, id) })
      return true
    }
    const invite = m.how === 'invite'
    const after = set({ ...(invite ? {} : held()), parties: [...parties((p) => (!invite && p.role === 'customer' ? { state: 'held' } : {})), fresh], attempt: attempt(m.how, invite ? 'inviting' : 'asking', name, id) })
    timer = setTimeout(() => {
      call({ id: c.id, parties: after.parties.map((p) => (p.id === id ? { ...p, state: 'in', since: now() } : p)), attempt: invite ? null : attempt('consult', 'consulting', name, id, false) })
    }, 4000)
  } else if (m.type === 'cancel') set({ phase: 'talking', held_since: null, parties: c.parties.filter((p) => p.id !== c.attempt?.party).map((p) => ({ ...p, state: 'in' })), attempt: null })
  else if (m.type === 'complete') { agent({ state: 'wrap', until: now() + 30 }); set({ phase: 'wrap', wrap_until: now() + 30, recording: 'off', attempt: null, parties: c.parties.filter((p) => !p.me).map((p) => ({ ...p, state: 'in' })) }) }
  else if (m.type === 'three_way') set({ phase: 'talking', held_since: null, parties: parties((p) => (p.state === 'held' ? { state: 'in' } : {})), attempt: null })
  else if (m.type === 'swap') { const out = c.parties.find((p) => p.role === 'customer')?.state === 'held'; set({ phase: out ? 'talking' : 'held', held_since: out ? null : now(), parties: parties((p) => (p.role === 'customer' ? { state: out ? 'in' : 'held' } : p.id === c.attempt?.party ? { state: out ? 'held' : 'in' } : {})) }) }
  else if (m.type === 'aside') { const room = m.room || `s${new Set(c.parties.map((p) => p.room)).size}`; set({ parties: parties((p) => (m.parties.includes(p.id) ? { room } : {})) }) }
  else if (m.type === 'back') { const mine = c.parties.find((p) => p.me)?.room; set({ parties: parties((p) => (m.parties.includes(p.id) || (!m.parties.length && p.room === mine) ? { room: 'main' } : {})) }) }
  else if (m.type === 'lock' || m.type === 'unlock') set({ locked: m.type === 'lock' })
  else if (m.type === 'remove') set({ parties: c.parties.filter((p) => p.id !== m.party) })
  else if (m.type === 'host') set({ host: false, parties: parties((p) => ({ host: p.id === m.party })) })
  else if (m.type === 'record_pause' || m.type === 'record_resume') set({ recording: m.type === 'record_pause' ? 'paused' : 'on' })
  else if (m.type === 'raise_hand' || m.type === 'lower_hand') set({ hand: m.type === 'raise_hand' })
  else if (m.type === 'take_over') { agent({ state: 'talking' }); set({ phase: 'talking', my_role: 'agent', host: true, parties: c.parties.filter((p) => p.role !== 'agent').map((p) => (p.me ? { ...p, role: 'agent', state: 'in', host: true } : p)) }) }
  else if (m.type === 'hangup' && c.phase === 'supervising') { gone(c.id); agent({ state: 'ready' }); notice({ kind: 'info', text: T('您已离开该通话。', 'You have left that call.') }) }
  else return false
  return true
}
