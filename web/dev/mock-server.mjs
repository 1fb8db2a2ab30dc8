// A small switch and API for working on the pages without the rest: `node dev/mock-server.mjs [port]`, then `npx vite`.
// Development only: nothing of it is in the build. Sign in with any name; the password `wrong`, `locked` or `code` shows those ways.
import { createServer } from 'node:http'
import { randomUUID } from 'node:crypto'
import { WebSocketServer } from 'ws'
import { ledger } from './promises.mjs'
import { colleagues, play, scenes, stop } from './scenes.mjs'

const port = Number(process.argv[2] ?? process.env.MOCK_PORT ?? 11401)
const now = () => Date.now() / 1000
const iso = (ago) => new Date((now() - ago) * 1000).toISOString()
const T = (zh, en) => ({ zh, en })
let signedIn = process.env.MOCK_SIGNED_IN === '1'
const stores = [
  { id: 1, code: 'hd', name: T('安途虹桥店', 'Antu Hongqiao') }, { id: 2, code: 'pd', name: T('安途浦东店', 'Antu Pudong') }, { id: 3, code: 'cy', name: T('安途朝阳店', 'Antu Chaoyang') },
]
const me = {
  id: 7, name: '陈思雨', username: 'agent1', extension: '8007', store: 1, stores, roles: ['agent', 'shift_lead', 'administrator'], language: 'zh-hans', masked: false, must_change_password: false, second_factor: false,
  permissions: ['desk.use', 'calls.view', 'calls.listen', 'records.write', 'customers.view', 'customers.edit', 'messages.view', 'messages.handle', 'board.view', 'system.manage', 'back_office.use', 'promises.view', 'promises.edit', 'promises.report'],
}
const lines = [
  { id: 11, store: 1, name: T('销售热线', 'Sales line'), live: 1 }, { id: 12, store: 1, name: T('维修预约', 'Repair line'), live: 2 }, { id: 13, store: 1, name: T('道路救援', 'Rescue line'), live: 0 },
  { id: 21, store: 2, name: T('销售热线', 'Sales line'), live: 0 }, { id: 22, store: 2, name: T('投诉专线', 'Complaints line'), live: 1 }, { id: 31, store: 3, name: T('新车咨询', 'New-car enquiries'), live: 0 },
]
const queues = [
  { id: 101, code: 'sales', name: T('销售', 'Sales'), store: 1 }, { id: 102, code: 'repair', name: T('维修', 'Repair'), store: 1 }, { id: 103, code: 'rescue', name: T('救援', 'Rescue'), store: 1 },
  { id: 201, code: 'sales', name: T('销售', 'Sales'), store: 2 }, { id: 202, code: 'complaints', name: T('投诉', 'Complaints'), store: 2 }, { id: 301, code: 'newcar', name: T('新车咨询', 'New cars'), store: 3 },
]
const reasons = [{ code: 'break', name: T('休息', 'Break'), minutes: 15 }, { code: 'meal', name: T('用餐', 'Meal'), minutes: 45 }, { code: 'meeting', name: T('会议', 'Meeting'), minutes: 0, consent: true }, { code: 'training', name: T('培训', 'Training'), minutes: 0 }]
const phone = (id, number, more) => ({ id, number, use: 'mobile', primary: false, extension: '', used_by: '', country: 'CN', city: null, carrier: null, verified_at: null, verified_how: '', do_not_call: false, do_not_call_why: '', version: 1, ...more })
const wanted = { level_set: null, language: '', email: '', address: '', birthday: null, intention: 'B', purchase_status: 'comparing', wants_model: 'ID.7 VIZZION', budget_from: 200000, budget_to: 260000, buys_by: null, needs: '要能装婴儿车，周末可试驾。' }
const customer = { ...wanted, id: 501, number: 'C000501', name: '欧阳建国', title: '先生', kind: 'person', level: 'vip', labels: ['老客户', '转介绍'], company: '', phones: [phone(1, '+8613812345678', { primary: true, city: T('上海', 'Shanghai'), carrier: T('中国移动', 'China Mobile'), verified_at: iso(9e6), verified_how: 'call' }), phone(2, '+862166668888', { use: 'home', used_by: '太太', do_not_call: true, do_not_call_why: '夜班，白天休息' })], notes: '喜欢下午联系，车由太太开。', store: 1, version: 3, need: '' }
const day = (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10)
const file = {
  cars: [{ id: 1, vin: 'LSVNV2182E2100001', plate: '沪A·12345', brand: T('大众', 'Volkswagen'), model: '帕萨特 330TSI 豪华版', year: 2021, colour: '深黑', mileage_km: 46200, insurance_until: day(12), inspection_until: day(-6), vin_warning: '', plate_kind: 'ordinary', maker: null, mileage_on: null, bought_on: null, warranty_until: null, next_service_on: day(20), next_service_km: null, recall: '', role: 'owner', because: 'repair' }],
  cars_count: 1, ties: [{ id: 1, kind: 'spouse', note: '', customer: { id: 502, name: '周慧', kind: 'person', level: 'gold', store: 1 } }], bookings: [{ id: 1, kind: 'service', at: iso(-90000), text: '五万公里保养', state: 'booked', store: 1, plate: '沪A·12345' }],
  warnings: [{ kind: 'promise', customer: 501, text: T('答应 18:00 前回电：报价', 'Promised a call by 18:00: the quote'), at: iso(-3600), tone: 'warn', link: '' }, { kind: 'file', customer: 501, text: T('勿扰号码 …8888（夜班，白天休息）', 'Do not call …8888 (works nights)'), at: null, tone: 'warn', link: '' }],
  orders: [{ id: 1, number: 'DD20261103001', model: 'ID.7 VIZZION 长续航版', status: 'in_transit', amount: '237700.00', ordered_on: day(-19), expected_on: day(9), open: true, store: 1 }],
  repairs: [{ id: 1, number: 'WX20261120007', stage: 'working', work: '更换前刹车片，四轮定位', amount: '1860.00', received_at: iso(180000), promised_at: iso(7200), open: true, store: 1, plate: '沪A·12345' }, { id: 2, number: 'WX20260508003', stage: 'closed', work: '四万公里保养', amount: '1290.00', received_at: iso(17e6), promised_at: iso(169e5), open: false, store: 1, plate: '沪A·12345' }],
  card: { number: 'VIP880501', level: 'gold', points: 12850, balance: '1260.50', valid_until: day(300) },
}
const past = Array.from({ length: 5 }, (_, i) => ({ id: `00000000-0000-7000-8000-00000000000${i}`, at: iso(86400 * (i * 6 + 1) + 4000), direction: 'in', line_name: lines[i % 3].name, outcome: ['answered', 'answered', 'abandoned', 'answered', 'voicemail'][i], agent_name: i === 2 ? '' : '王磊', matter: i === 2 ? null : T('维修进度', 'Repair progress'), result: i === 2 ? null : T('已答复', 'Answered'), notes: i % 2 ? '' : '客户询问刹车异响，已请技师周六上午检查。', seconds: 120 + i * 31 }))
const outcomes = ['answered', 'answered', 'answered', 'abandoned', 'voicemail', 'forwarded']
const names = ['欧阳建国', '李娜', '王芳', '阿依古丽·买买提', '刘洋', '陈静', '上海远航物流有限公司', null]
const calls = Array.from({ length: 137 }, (_, i) => ({
  id: `0192aaaa-0000-7000-8000-${String(i).padStart(12, '0')}`, at: iso(i * 2777 + 60), direction: i % 9 === 4 ? 'out' : 'in', number: `+86138${String(12340000 + i * 7919).slice(0, 8)}`, customer: names[i % 8] ? { id: 501, name: names[i % 8] } : null,
  store: (i % 3) + 1, line_name: lines[i % 6].name, queue_name: queues[i % 6].name, agent_name: outcomes[i % 6] === 'answered' ? ['陈思雨', '王磊', '赵敏'][i % 3] : '', outcome: outcomes[i % 6], waited: (i * 7) % 66, talked: outcomes[i % 6] === 'answered' ? 60 + ((i * 37) % 400) : null, matter: T('试驾预约', 'Test drive'), result: T('已预约', 'Booked'), recordings: outcomes[i % 6] === 'answered' ? 1 : 0,
}))
const records = new Map()
const leftover = Array.from({ length: 7 }, (_, i) => ({ id: i + 1, kind: ['message', 'lost', 'callback', 'lost', 'rating', 'message', 'lost'][i], store: 1, line_name: lines[i % 4].name, sort: ['complaint', 'other', 'other', 'other', 'complaint', 'suggestion', 'other'][i], times: i === 1 ? 3 : 1, mark: i === 4 ? 1 : null, call: calls[i].id, number: calls[i].number, customer: calls[i].customer, first_at: iso(9000 + i * 600), last_at: iso(i * 1300 + 300), due_at: new Date(Date.now() + (i - 2) * 1_100_000).toISOString(), overdue: i < 2, owner: i === 3 ? { id: 9, name: '王磊' } : i === 5 ? { id: me.id, name: me.name } : null, message: i % 5 ? null : '0192bbbb-0000-7000-8000-000000000000', seconds: i % 5 ? null : 23, promised_at: i === 2 ? iso(7200) : null, tries: i === 2 ? 3 : null, done_at: i === 6 ? iso(100) : null, done_by: null, done_call: i === 6 ? calls[0].id : null, result: i === 6 ? 'reached' : '', note: i === 5 ? '客户希望周末回电' : '', version: 1 }))
const promised = ['open', 'kept', 'kept', 'unreached', 'cancelled'].map((state, i) => ({ id: `0192bbbb-0000-7000-8000-00000000001${i}`, call: calls[i].id, store: 1, queue_name: queues[i % 3].name, number: calls[i].number, customer: calls[i].customer, promised_at: iso(i * 2500 + 400), due_at: iso(i * 2500 - 300), tries: [0, 1, 0, 3, 0][i], last_result: '', state, how: ['', 'dialled', 'own_call', '', ''][i], late_seconds: [null, -110, 95, null, null][i], ended_at: i ? iso(i * 900) : null }))
const tree = (list) => list.map(([id, zh, en, children]) => ({ id, name: T(zh, en), children: children ? tree(children) : [] }))
const choices = {
  matters: tree([[1, '销售', 'Sales', [[11, '试驾预约', 'Test drive'], [12, '价格咨询', 'Price']]], [2, '维修', 'Repair', [[21, '维修进度', 'Repair progress'], [22, '预约保养', 'Service booking']]], [3, '投诉', 'Complaint', [[31, '服务态度', 'Attitude'], [32, '维修质量', 'Quality']]]]),
  results: tree([[51, '已答复', 'Answered'], [52, '已预约', 'Booked'], [53, '转门店跟进', 'Handed to the store'], [54, '需要回访', 'Call back needed']]),
}
const state = { agent: { state: 'offline', reason: '', cause: 'signed_in', since: now(), until: null, text: null }, calls: new Map(), rev: 0 }
const sockets = new Set()
const tell = (message) => sockets.forEach((s) => s.readyState === 1 && s.send(JSON.stringify(message)))
function agent(next) { state.agent = { reason: '', cause: '', until: null, text: null, ...next, since: now() }; tell({ type: 'agent', ...state.agent }) }
function call(next) { const old = state.calls.get(next.id) ?? {}; const merged = { ...old, ...next, rev: ++state.rev }; state.calls.set(merged.id, merged); tell({ type: 'call', ...merged }); return merged }
function gone(id) { state.calls.delete(id); tell({ type: 'call_gone', call: id, rev: ++state.rev }) }
const people = ['王磊', '赵敏', '孙浩', '周婷', '吴刚', '郑爽', '马超', '林雪'].map((name, i) => ({ id: 20 + i, name, store: (i % 3) + 1, state: ['talking', 'ready', 'wrap', 'busy', 'ready', 'offline', 'talking', 'busy'][i], reason: i === 3 ? 'meal' : i === 7 ? 'no_answer' : '', since: now() - 60 * i - 20, until: i === 3 ? now() - 95 : null, lent: i === 6 ? 2 : null, call_since: null }))
const board = () => ({ type: 'board', now: now(), lines, people: [...people, { id: 7, name: me.name, store: 1, state: state.agent.state, reason: state.agent.reason, since: state.agent.since, call_since: null }],
  queues: queues.map((q, i) => ({ id: q.id, store: q.store, waiting: [2, 0, 1, 0, 3, 0][i], oldest: [now() - 26, null, now() - 9, null, now() - 61, null][i], ready: i % 3, talking: (i * 2) % 3, borrowed: [1, 0, 0, 0, 0, 0][i], present: (i % 3) + 3, name: q.name, service_seconds: 20, limits: [2, 60, 80], expected: [72, null, 41, null, 190, null][i], answered: 36 + i * 5, within: 30 + i * 4, lost_late: [3, 0, 1, 6, 22, 0][i], abandons: [1 + i, i % 3, [2, 0, 1, 3, 9, 0][i], [1, 0, 0, 1, 4, 0][i]], sent_on: i % 2, level: [0.77, 0.83, 0.82, 0.68, 0.59, 0.82][i], average_wait: 9 + i * 4.4, average_talk: 150 + i * 31 })),
  alarms: [alarm('oldest', 202, now() - 61 - 60, 61, 60), alarm('waiting', 202, now() - 44, 3, 2), alarm('level', 202, now() - 1900, 59, 80), { ...alarm('over_break', null, now() - 95, 95, 0), store: 1, person: 23, name: T('周婷', '周婷') }, { ...alarm('nobody', 301, now() - 4000, 0, 0), ended: now() - 3700 }, { ...alarm('waiting', 101, now() - 2100, 6, 2), ended: now() - 1980 }] })
const waitingIn = (id) => { const q = board().queues.find((x) => x.id === id); const calls = Array.from({ length: q.waiting }, (_, i) => ({ call: `w${id}-${i}`, number: `+861381234567${i}`, line_name: lines[0].name, path: [T('投诉', 'Complaint'), T('维修质量', 'Quality')].slice(0, i), since: q.oldest + i * 12, position: i === 0 ? null : i, expected: i ? 40 * i : null, rings: i === 0 ? '孙浩' : null })); return { queue: id, calls, count: calls.length } }
const skill = T('新能源维修', 'Electric-car repair')
const why = (call) => ({ call, queue: 202, kind: 'call', position: call.endsWith('-0') ? null : 1, waiting: 2, since: now() - 47, expected: 74, priority: 2, front: false, strategy: 'best_skill', wants: [{ skill: 1, skill_name: skill, level: 3 }], nice: [{ skill: 2, skill_name: T('英语', 'English'), level: 1 }], kept: { people: [{ name: '王磊' }], until: now() + 13 }, lent: [{ queue: 102, queue_name: T('维修（虹桥）', 'Repair (Hongqiao)') }], offered: [], counts: {},
  people: [['孙浩', 'rings'], ['王磊', 'busy', { doing: 'talking' }], ['赵敏', 'kept'], ['周婷', 'resting', { doing: 'busy' }], ['吴刚', 'lacks', { skill_name: skill, level: 3, has: 1 }], ['郑爽', 'offline'], ['马超', 'busy', { doing: 'away' }]].map(([name, reason, more], i) => ({ agent: i, queue: 202, store: 2, name, reason, ...more })),
  next: [{ at: now() + 13, what: 'patience', people: [{ name: '王磊' }] }, { at: now() + 43, what: 'relax', skill_name: skill, level: 1, must: true }, { at: now() + 73, what: 'overflow', when: 'waited', value: 120, to: 'queue', queue_name: T('专家中心', 'Expert centre') }, { at: now() + 253, what: 'waited_out' }, { at: null, what: 'overflow', when: 'nobody', value: 0, to: 'voicemail', queue_name: T('', '') }] })
const alarm = (kind, queue, since, value, limit) => ({ id: `${kind}-${queue}-${Math.round(value)}`, kind, store: queues.find((q) => q.id === queue)?.store ?? 1, queue, person: null, name: queues.find((q) => q.id === queue)?.name ?? null, value, limit, since, ended: null })
function ring(body) {
  const line = lines.find((l) => l.id === body.line) ?? lines[1]
  const id = randomUUID()
  agent({ state: 'ringing' })
  call({ id, phase: 'offered', direction: 'in', number: body.new ? '+8613900001111' : '+8613812345678', to_number: '02166660001', store: line.store, store_name: stores.find((s) => s.id === line.store).name, line: line.id, line_name: line.name, line_kind: line.id === 12 ? 'repair' : 'sales', queue: 102, queue_name: T('维修', 'Repair'), language: body.language ?? 'zh', path: [T('维修', 'Repair'), T('查询进度', 'Progress')], arrived: now() - 31, waited: 24, offered: now(), ring_until: now() + 20, answered: null, held_since: null, muted: false, wrap_until: null, recording: 'off', channel_hint: '' })
}
const sent = []
const welcome = () => ({ type: 'welcome', person: { id: me.id, name: me.name, extension: me.extension, roles: me.roles, phone: true, outside: '+86137****0001' }, agent: state.agent, calls: [...state.calls.values()], sip: { username: 'agent-7', password: 'x', path: '/sip', realm: 'dealerline' }, reasons, queues, lines, stores, now: now() })
/** The line is cut, until another scene is asked for. */
let cut = false
function scene(name) {
  cut = name === 'cut'
  if (cut) return (sockets.forEach((s) => s.terminate()), true)
  const made = scenes[name]?.()
  if (!made) return false
  stop()
  sent.length = 0
  state.calls.clear()
  state.agent = { ...state.agent, state: made.agent, reason: '', since: now() - 65, until: made.agent === 'wrap' ? now() + 24 : null, text: null, wish: null, rejoin: made.rejoin ?? null, asks: null }
  for (const c of made.calls) state.calls.set(c.id, { ...c, rev: ++state.rev })
  if (made.more) Object.assign(state.agent, made.more)
  tell(welcome())
  tell({ type: 'hands', hands: made.hands ?? [] })
  tell({ type: 'requests', requests: made.requests ?? [] })
  for (const notice of made.notices ?? []) tell({ type: 'notice', ...notice })
  return true
}
function command(m) {
  sent.push(m)
  const c = state.calls.get(m.call)
  if (m.type === 'supervise') {
    const mode = { listen: 'lead-listen', whisper: 'lead-whisper', barge: 'lead-barge' }[m.mode]
    const kept = [...sent]
    scene(mode)
    sent.push(...kept)
    return
  }
  if (c && play(m, c, { call, agent, gone, notice: (n) => tell({ type: 'notice', ...n }) })) return
  if (m.type === 'state') agent({ state: m.state, reason: m.reason ?? '', until: m.reason === 'break' ? now() + 900 : null })
  else if (m.type === 'answer' && c) { agent({ state: 'talking' }); call({ id: c.id, phase: 'talking', answered: now(), recording: 'on' }) }
  else if (m.type === 'hold' && c) call({ id: c.id, phase: 'held', held_since: now() })
  else if (m.type === 'unhold' && c) call({ id: c.id, phase: 'talking', held_since: null })
  else if (m.type === 'mute' && c) call({ id: c.id, muted: true })
  else if (m.type === 'unmute' && c) call({ id: c.id, muted: false })
  else if (m.type === 'hangup' && c) { agent({ state: 'wrap', until: now() + 30 }); call({ id: c.id, phase: 'wrap', wrap_until: now() + 30, recording: 'off' }) }
  else if (m.type === 'wrap_more' && c) { call({ id: c.id, wrap_until: c.wrap_until + 60 }) }
  else if (m.type === 'wrap_done' && c) { gone(c.id); agent({ state: 'ready' }) }
  else if (m.type === 'refuse' && c) { gone(c.id); agent({ state: 'busy', reason: 'refused', text: T('您拒接了一通电话，已转为示忙。', 'You refused a call and are busy now.') }) }
}
const events = (c) => [...(c === calls[0] ? many : []), ['call.arrived', 0, '来电到达：02166660001', 'Call arrived at 021 6666 0001'], ['call.answered', 0.2, '系统接听', 'Answered by the centre'], ['flow.started', 0.3, '进入流程“维修热线”', 'Flow "repair line" begins'], ['flow.prompt', 0.4, '播放欢迎语', 'Welcome played'], ['flow.key', 6.1, '按键 1', 'Key 1'], ['queue.entered', 6.4, '进入队列“维修”，第 2 位', 'Queue "Repair", position 2'], ['queue.announced', 8, '播报：前面还有 1 位，预计 1 分钟', 'Told: one before you, about 1 minute'], ['offer.made', 24, '分配给 陈思雨', 'Offered to Chen Siyu'], ['offer.ended', 28, '陈思雨 接听', 'Answered by Chen Siyu'], ['talk.started', 28.1, '通话开始', 'Talk begins'], ['recording.started', 28.2, '开始录音', 'Recording begins'], ['hold.started', 61, '保持', 'On hold'], ['hold.ended', 79, '取回', 'Resumed'], ['talk.ended', 141, '通话结束', 'Talk ends'], ['call.ended', 141.1, '客户挂断', 'The customer hung up'], ['wrap.started', 141.1, '话后整理', 'After-call work'], ['wrap.ended', 160, '整理完毕', 'After-call work done']].sort((a, b) => a[1] - b[1]).map(([kind, at, zh, en], i) => ({ id: `${c.id}-${i}`, seq: i + 1, at: new Date(Date.parse(c.at) + at * 1000).toISOString(), kind, text: T(zh, en), data: {} }))
// The first call is one of many: a consultation, an expert from outside, a side room and a lead who whispers.
const at = (c, seconds) => new Date(Date.parse(c.at) + seconds * 1000).toISOString()
const many = [['invite.started', 60, '陈思雨 咨询王磊，客户听音乐', 'Chen Siyu consults Wang Lei; the caller hears music'], ['talk.started', 66, '王磊 接听', 'Wang Lei answers'], ['party.joined', 84, '专家 021 6612 3456加入通话', 'Expert 021 6612 3456 joins'], ['supervision.started', 90, '赵敏 开始监听（陈思雨）', 'Zhao Min begins to listen (Chen Siyu)'], ['supervision.changed', 96, '赵敏 改为耳语', 'Zhao Min changes to whisper'], ['room.entered', 104, '王磊进入会中会 1', 'Wang Lei: to side room 1'], ['recording.paused', 116, '陈思雨 暂停录音', 'Chen Siyu pauses recording'], ['recording.resumed', 121, '恢复录音', 'Recording goes on'], ['transfer.done', 130, '陈思雨 把客户交给王磊', 'Chen Siyu hands the caller over to Wang Lei']]
const lane = (key, role, person, name, number, segments) => ({ key, role, person, name, number, segments: segments.map(([kind, from, to, room, audience], i) => ({ id: `0192eeee-0000-7000-8000-${key.length}${i}0000000000`.slice(0, 36), kind, at: from, seconds: to - from, room, audience, state: 'joined', peaks: Array.from({ length: Math.round((to - from) * 8) }, (_, n) => (Math.sin((n + from) / 9 + key.length) > 0 ? 0.1 + Math.abs(Math.sin(n * 1.7 + i)) * 0.6 : 0.02)) })) })
const lanes = (c) => ({ start: at(c, 28.2), seconds: 113, lanes: [
  lane('customer', 'customer', null, '', '', [['left', 0, 32, 'main', 'customer'], ['track', 51, 88, 'main', 'customer'], ['track', 93, 113, 'main', 'customer']]),
  lane('person-7', 'agent', 7, '陈思雨', '', [['right', 0, 32, 'main', 'customer'], ['track', 32, 51, 'main', 'inside'], ['track', 51, 88, 'main', 'customer'], ['track', 93, 102, 'main', 'customer']]),
  lane('person-9', 'agent', 9, '王磊', '', [['track', 38, 51, 'main', 'inside'], ['track', 51, 76, 'main', 'customer'], ['track', 76, 88, 's1', 'inside'], ['track', 93, 113, 'main', 'customer']]),
  lane('p4', 'outside', null, '', '+862166123456', [['track', 56, 88, 'main', 'customer']]),
  lane('person-11', 'lead', 11, '赵敏', '', [['track', 68, 80, 'booth-p5', 'inside']]),
] })
const man = (c, role, person, name, number, how, from, to, left, talk, hold = 0, more = {}) => ({ role, person, name, number, how, from: at(c, from), to: at(c, to), left, talk, hold, modes: [], watched_name: '', hidden: false, ...more })
const attendance = (c) => ({ participants: [
  man(c, 'agent', 7, '陈思雨', '', 'queue', 28, 130, 'transferred', 84, 18), man(c, 'agent', 9, '王磊', '', 'consult', 66, 141, 'hung_up', 75), man(c, 'outside', null, '', '+862166123456', 'invite', 84, 116, 'left', 32),
  man(c, 'lead', 11, '赵敏', '', 'supervision', 90, 108, 'left', 12, 0, { modes: [{ at: at(c, 90), mode: 'listen' }, { at: at(c, 96), mode: 'whisper' }], watched_name: '陈思雨', hidden: true }),
], transfers: [{ at: at(c, 60), agent_name: '陈思雨', how: 'consult', target_kind: 'person', target_name: T('王磊', 'Wang Lei'), result: 'answered', ended_at: at(c, 66), done_at: at(c, 130) }, { at: at(c, 80), agent_name: '陈思雨', how: 'invite', target_kind: 'number', target_name: T('+862166123456', '+862166123456'), result: 'answered', ended_at: at(c, 84), done_at: null }] })
const written = (c, id, name, notes, draft) => ({ call: c.id, matter: 12, result: 51, notes, follow_up_at: null, follow_up_note: '', customer: null, draft, version: 1, author: name, author_id: id, edited_by: null, updated_at: at(c, 170 + id), matter_name: T('价格咨询', 'Price'), result_name: T('已答复', 'Answered') })
const peaks = () => { const n = 900; const side = (p) => Array.from({ length: n }, (_, i) => (Math.sin(i / 30 + p) > 0 ? Math.abs(Math.sin(i * 1.7)) * 0.8 + 0.05 : 0.02)); return { seconds: 113, left: side(0), right: side(3.1) } }
function tone(seconds) { const rate = 8000, n = rate * seconds, data = Buffer.alloc(44 + n * 4); data.write('RIFF', 0); data.writeUInt32LE(36 + n * 4, 4); data.write('WAVEfmt ', 8); data.writeUInt32LE(16, 16); data.writeUInt16LE(1, 20); data.writeUInt16LE(2, 22); data.writeUInt32LE(rate, 24); data.writeUInt32LE(rate * 4, 28); data.writeUInt16LE(4, 32); data.writeUInt16LE(16, 34); data.write('data', 36); data.writeUInt32LE(n * 4, 40); for (let i = 0; i < n; i++) { const left = Math.sin(i / rate / 8) > 0; data.writeInt16LE(left ? Math.sin((i * 2 * Math.PI * 400) / rate) * 8000 : 0, 44 + i * 4); data.writeInt16LE(left ? 0 : Math.sin((i * 2 * Math.PI * 700) / rate) * 8000, 46 + i * 4) } return data }
const paged = (list, q) => { const page = Number(q.get('page') || 1); return { items: list.slice((page - 1) * 25, page * 25), total: list.length, page, pages: Math.max(1, Math.ceil(list.length / 25)) } }
const session = () => ({ signed_in: signedIn, person: signedIn ? me : null, setup_needed: process.env.MOCK_SETUP === '1', demo: true, csrf: 'mock', version: '0.1.0' })
const setup = { needed: true, steps: [], done: [] }
const fail = (status, code, zh, en, extra = {}) => ({ status, body: { code, text: T(zh, en), fields: {}, ...extra } })
const routes = [
  ['GET', /^\/api\/session$/, () => session()],
  ['POST', /^\/api\/session$/, (_, b) => b.password === 'wrong' ? fail(401, 'wrong', '用户名或密码不正确。', 'User name or password is wrong.') : b.password === 'locked' ? fail(429, 'locked', '连续输错次数太多，账号暂时锁定。', 'Too many wrong attempts.', { seconds: 300 }) : b.password === 'code' && !b.code ? fail(401, 'code_needed', '需要验证码。', 'A code is needed.') : ((signedIn = true), session())],
  ['DELETE', /^\/api\/session$/, () => ((signedIn = false), { ok: true })],
  ['GET', /^\/api\/me$/, () => me], ['PATCH', /^\/api\/me$/, () => me],
  ['POST', /^\/api\/me\/totp$/, () => ({ url: 'otpauth://totp/Dealerline:agent1?secret=JBSWY3DPEHPK3PXP', secret: 'JBSWY3DPEHPK3PXP' })],
  ['POST', /^\/api\/desk\/ticket$/, () => ({ ticket: 'mock' })],
  ['GET', /^\/api\/pop$/, (_, __, q) => q.get('number')?.includes('1390000') ? { known: false, customer: null, cars: [], cars_count: 0, ties: [], bookings: [], warnings: [], orders: [], repairs: [], card: null, calls: [], other_matches: q.getAll('among').map((id, i) => ({ ...customer, id: Number(id), name: ['欧阳晓丽', '王建国'][i % 2], level: 'normal' })) } : { known: true, customer, ...file, calls: past, other_matches: [{ ...customer, id: 502, name: '欧阳晓丽', level: 'normal' }] }],
  ['GET', /^\/api\/calls$/, (_, __, q) => paged(calls.filter((c) => (!q.get('q') || (c.customer?.name ?? '').includes(q.get('q'))) && (!q.get('outcome') || c.outcome === q.get('outcome')) && (!q.get('store') || String(c.store) === q.get('store'))), q)],
  ['GET', /^\/api\/calls\/([\w-]+)\/record$/, (m) => records.get(m[1]) ?? null],
  ['PUT', /^\/api\/calls\/([\w-]+)\/record$/, (m, b) => { const old = records.get(m[1]); if (old && old.version !== b.version) return { status: 409, body: { code: 'stale', text: T('已被修改', 'Changed'), current: old } }; const row = { ...b, call: m[1], version: (old?.version ?? 0) + 1, author: me.name }; records.set(m[1], row); return row }],
  ['GET', /^\/api\/calls\/([\w-]+)\/events$/, (m) => events(calls.find((c) => c.id === m[1]) ?? calls[0])],
  ['GET', /^\/api\/calls\/([\w-]+)\/lanes$/, (m) => lanes(calls.find((c) => c.id === m[1]) ?? calls[0])],
  ['GET', /^\/api\/calls\/([\w-]+)$/, (m) => { const c = calls.find((x) => x.id === m[1]) ?? calls[0]; const several = c === calls[0]; return { ...c, ended_at: null, ended_by: 'customer', participants: [man(c, 'agent', 7, '陈思雨', '', 'queue', 28, 141, 'hung_up', 95, 18)], transfers: [], ...(several ? attendance(c) : {}), lanes: several, whole_coming: false, may_copy: true, may_write: true, may_edit_others: true, records: several ? [written(c, 9, '王磊', '已报最终优惠价，客户周六来店签约；保险由店里代办。', false)] : [], path: [T('维修', 'Repair'), T('查询进度', 'Progress')], legs: [{ agent: 7, agent_name: '陈思雨', from: new Date(Date.parse(c.at) + 28000).toISOString(), to: new Date(Date.parse(c.at) + 141000).toISOString() }], recordings_list: [{ id: '0192cccc-0000-7000-8000-000000000001', kind: several ? 'whole' : 'talk', may_listen: true, reason: '', seconds: 113, state: 'joined', started_at: new Date(Date.parse(c.at) + 28200).toISOString(), sha256: 'ab', agent_name: '陈思雨' }], record: null, rating: 2, told_wait: 60 } }],
  ['GET', /^\/api\/record-choices$/, () => choices],
  ['GET', /^\/api\/recordings\/[\w-]+\/peaks$/, peaks], ['GET', /^\/api\/recordings\/[\w-]+\/check$/, () => ({ ok: true })],
  ['GET', /^\/api\/backlog$/, (_, __, q) => paged(leftover.filter((r) => (q.get('state') === 'done' ? r.done_at : !r.done_at) && (!q.get('kind') || r.kind === q.get('kind')) && (q.get('state') !== 'mine' || r.owner?.id === me.id) && (q.get('state') !== 'overdue' || r.overdue) && (q.get('state') !== 'free' || !r.owner)), q)],
  ['GET', /^\/api\/backlog\/counts$/, () => ({ open: 6, free: 4, mine: 1, overdue: 2 })],
  ['POST', /^\/api\/backlog\/(\d+)\/(claim|ring)$/, (m) => { const row = leftover.find((r) => r.id === Number(m[1])); if (row.id === 2 && m[2] === 'claim') { row.owner = { id: 9, name: '王磊' }; return fail(409, 'claimed', '王磊 刚刚认领了这一条。', '王磊 has just claimed this.', { current: row }) } row.owner = { id: me.id, name: me.name }; return row }],
  ['PATCH', /^\/api\/backlog\/(\d+)$/, (m, b) => { const row = leftover.find((r) => r.id === Number(m[1])); Object.assign(row, b, { owner: b.owner ? { id: b.owner, name: '王磊' } : row.owner, done_at: b.result ? iso(0) : null, version: row.version + 1 }); return row }],
  ['GET', /^\/api\/callbacks$/, () => ({ promised: 14, in_time: 9, late: 2, unreached: 1, cancelled: 1, open: 1, overdue: 0, kept_share: 0.75, items: promised })],
  ['GET', /^\/api\/customers$/, (_, __, q) => paged(Array.from({ length: 60 }, (_, i) => ({ ...customer, id: 501 + i, name: names[i % 7], level: ['vip', 'normal', 'gold', 'silver'][i % 4], cars: file.cars })).filter((c) => !q.get('q') || c.name.includes(q.get('q'))), q)],
  ['POST', /^\/api\/customers$/, (_, b) => ({ ...customer, id: 999, name: b.name, title: b.title, level: 'normal', labels: [], notes: '', phones: [{ number: b.phone }] })],
  ['GET', /^\/api\/identify$/, () => [{ by: 'plate_part', customer: { id: 501, name: customer.name, title: '先生', kind: 'person', level: 'vip', store: 1 }, car: { id: 1, plate: '沪A12345', model: '帕萨特', vin: '' } }, { by: 'plate_part', customer: { id: 502, name: '周慧', title: '女士', kind: 'person', level: 'gold', store: 2 }, car: { id: 2, plate: '沪A12346', model: '途观L', vin: '' } }]], ['GET', /^\/api\/car-facts$/, (_, __, q) => ({ vin: '', vin_problem: null, vin_impossible: false, maker: null, year: null, model: '', brand_id: null, plate: q.get('plate').toUpperCase(), plate_kind: T('普通', 'ordinary'), plate_problem: null, plate_meant: '', there: [] })],
  ['GET', /^\/api\/customers\/\d+\/file$/, () => ({ known: true, customer, ...file, calls: past, other_matches: [] })], ['GET', /^\/api\/customers\/\d+$/, () => ({ ...customer, ...file, calls: past })], ['PATCH', /^\/api\/customers\/\d+$/, (_, b) => Object.assign(customer, b, { version: customer.version + 1 })],
  ...ledger(me, customer),
  ['GET', /^\/api\/board\/today$/, () => ({ queues: queues.map((q, i) => ({ queue: q.id, name: q.name, store: q.store, offered: 40 + i * 7, answered: 36 + i * 5, abandoned: i, within: 30 + i * 4, service_level: [0.92, 0.84, 0.99, 0.71, 0.58, 0.88][i], average_wait: 11, longest_wait: 84 })), hours: Array.from({ length: 13 }, (_, i) => ({ hour: i + 8, offered: [4, 12, 22, 19, 14, 9, 17, 21, 16, 11, 6, 3, 1][i], answered: [4, 11, 20, 18, 13, 9, 16, 19, 15, 11, 6, 3, 1][i], abandoned: [0, 1, 2, 1, 1, 0, 1, 2, 1, 0, 0, 0, 0][i] })) })],
  ['GET', /^\/api\/system$/, () => ({ children: ['postgres', 'asterisk', 'edge', 'web', 'switch', 'scribe', 'worker', 'speech', 'carrier', 'simulator'].map((name, i) => ({ name, state: i === 7 ? 'restarting' : 'healthy', restarts: i === 7 ? 3 : 0, since: now() - 4000 })), disk_free: 81234e6, disk_total: 204800e6, min_free: 512 * 2 ** 20, spool_bytes: 12000, version: '0.1.0', database_version: '18.6', alarms: [{ code: 'journal.broken_line', subject: 'journal-1', count: 1, at: iso(900) }], switch: { repairs: 0 } })],
  ['POST', /^\/api\/demo\/ring$/, (_, b) => (setTimeout(() => ring(b), 800), { ok: true })],
  ['GET', /^\/api\/setup$/, () => setup], ['POST', /^\/api\/setup\/(.+)$/, () => setup],
]
const server = createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  let text = ''
  req.on('data', (d) => (text += d))
  req.on('end', () => {
    const [, what, name] = /^\/mock\/(scenes|scene|sent)\/?([\w-]*)$/.exec(url.pathname) ?? []
    if (what) return res.writeHead(what === 'scene' && !scene(name) ? 404 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(what === 'sent' ? sent : Object.keys(scenes)))
    if (/\/audio$/.test(url.pathname)) { const wav = tone(113); const range = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? ''); const from = range ? Number(range[1]) : 0; const to = range?.[2] ? Number(range[2]) : wav.length - 1; res.writeHead(range ? 206 : 200, { 'Content-Type': 'audio/wav', 'Accept-Ranges': 'bytes', 'Content-Length': to - from + 1, ...(range ? { 'Content-Range': `bytes ${from}-${to}/${wav.length}` } : {}) }); return res.end(wav.subarray(from, to + 1)) }
    for (const [method, pattern, handler] of routes) {
      const match = req.method === method && pattern.exec(url.pathname)
      if (!match) continue
      const answer = handler(match, text ? JSON.parse(text) : {}, url.searchParams)
      const status = answer?.status >= 400 ? answer.status : 200
      res.writeHead(status, { 'Content-Type': 'application/json' })
      return res.end(JSON.stringify(status >= 400 ? answer.body : answer))
    }
    res.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify({ code: 'not_found', text: T('没有这条记录。', 'There is no such record.') }))
  })
})
const wss = new WebSocketServer({ noServer: true })
server.on('upgrade', (req, socket, head) => (req.url.startsWith('/desk') && !cut ? wss.handleUpgrade(req, socket, head, (ws) => wss.emit('connection', ws)) : socket.destroy()))
wss.on('connection', (ws) => {
  ws.on('message', (raw) => {
    const m = JSON.parse(raw)
    if (m.type === 'hello') {
      sockets.add(ws)
      ws.send(JSON.stringify(welcome()))
    } else if (m.type === 'ping') ws.send('{"type":"pong"}')
    else {
      if (m.type === 'colleagues' && m.on) ws.send(JSON.stringify(colleagues()))
      if (m.type === 'board' && m.on) ws.send(JSON.stringify(board()))
      command(m)
      ws.send(JSON.stringify({ type: 'ok', id: m.id, ...(m.type === 'waiting' ? { waiting: waitingIn(m.queue) } : m.type === 'explain' ? { why: why(m.call) } : {}) }))
    }
  })
  ws.on('close', () => sockets.delete(ws))
})
setInterval(() => { tell({ type: 'queues', waiting: Object.fromEntries(board().queues.map((q) => [q.id, { count: q.waiting, oldest: q.oldest }])) }); tell(board()) }, 2000)
server.listen(port, '127.0.0.1', () => console.log(`mock switch and API on ${port}`))
