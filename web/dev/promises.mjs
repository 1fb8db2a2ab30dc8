// Promises and tasks for the mock: see mock-server.mjs.
import { randomUUID } from 'node:crypto'

const T = (zh, en) => ({ zh, en })
const WORDS = { ring_back: T('回电', 'Ring back'), quote: T('发报价', 'Send a quote'), car_ready: T('车辆备好', 'Car ready'), other: T('其他承诺', 'Promise') }
const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()
const wang = { id: 9, name: '王磊' }

export function ledger(me, customer) {
  const mine = { id: me.id, name: me.name }
  const him = { id: customer.id, name: customer.name }
  const row = (n, what, due, state, more = {}) => ({ id: `0192dddd-0000-7000-8000-00000000000${n}`, store: 1, what, title: WORDS[what], text: '', customer: him, car: { id: 1, name: '沪A·12345' }, number: '+86138****5678', call: '0192aaaa-0000-7000-8000-000000000001', second: 47, made_by: mine, made_at: at(-90), owner: mine, first_due_at: at(due), due_at: at(due), state, late: due < 0 && ['open', 'reminded'].includes(state), tries: 0, told_at: null, told_by: null, ended_at: null, ended_by: null, ended_how: '', ended_call: null, note: '', version: 1, ...more })
  const rows = [
    row(1, 'ring_back', -26, 'reminded', { text: '刹车片到货后告知价格', tries: 1 }),
    row(2, 'quote', 22, 'reminded'), row(3, 'car_ready', 190, 'open', { owner: wang, customer: { id: 502, name: '上海远航物流有限公司（浦东分公司）' } }),
    row(4, 'other', 1500, 'open', { text: '请销售经理当面道歉', title: T('请销售经理当面道歉', '请销售经理当面道歉'), call: null, second: null }),
    row(5, 'ring_back', -200, 'kept', { ended_at: at(-170), ended_by: mine, ended_how: 'reached', ended_call: '0192aaaa-0000-7000-8000-000000000003', told_at: at(-205), told_by: mine }),
    row(6, 'quote', -900, 'broken', { ended_at: at(-300), ended_by: wang, ended_how: 'break', note: '报价系统故障' }),
  ]
  const todo = (r) => ({ kind: 'promise', kind_name: T('承诺', 'Promise'), id: r.id, store: r.store, title: r.title, text: r.what === 'other' ? '' : r.text, due_at: r.due_at, late: r.late, number: r.number, owner: r.owner, customer: r.customer, car: r.car?.name ?? '', link: `/calls/${r.call}`, version: r.version, results: ['kept', ...(r.what === 'ring_back' ? ['again'] : []), 'told_off', 'withdrawn', 'broken'], done_at: r.ended_at, result: r.ended_at ? 'kept' : '', until: null, why: '', purpose: 'service' })
  const task = (n, zh, due, more = {}) => ({ kind: 'task', kind_name: T('任务', 'Task'), id: `0192dddd-0000-7000-8000-00000000010${n}`, store: 1, title: T(zh, zh), text: '', due_at: at(due), late: due < 0, number: '', owner: mine, customer: null, car: '', link: '', version: 1, results: ['done', 'dropped'], done_at: null, result: '', until: null, why: '', purpose: 'service', ...more })
  const leftover = (n, due, more = {}) => ({ ...task(n, '', due), kind: 'leftover', kind_name: T('待办回访', 'Left over'), id: String(n), title: T('未接来电', 'Lost caller'), number: '+86139****1110', results: ['reached', 'not_reached', 'written', 'no_need'], link: '/calls/0192aaaa-0000-7000-8000-000000000005', ...more })
  const todos = [...rows.filter((r) => r.owner === mine && !r.ended_at).map(todo), task(1, '盘点试驾车钥匙', 55, { text: '周六活动前交给前台' }), task(2, '给周先生寄保养手册', 300, { customer: him, number: '+86138****5678', results: ['done', 'again', 'dropped'] }), task(3, '邀请试驾新款', 20, { customer: him, number: '+86138****5678', results: ['done', 'again', 'dropped'], purpose: 'marketing' }), leftover(3, 12)].sort((a, b) => a.due_at.localeCompare(b.due_at))
  const free = [leftover(1, -9, { owner: null, late: true }), task(5, '整理本周到店客户名单', 200, { owner: null })]
  let aside = [{ ...task(7, '催配件 WX20261120007', 90), until: at(40), why: '等仓库回复' }]
  let done = [todo(rows[4])]
  const listOf = (q) => ({ free, aside, done }[q.get('view')] ?? todos).filter((t) => !q.get('kind') || t.kind === q.get('kind'))
  const counts = () => ({ mine: todos.length, free: free.length, aside: aside.length, today: 4, late: todos.filter((t) => t.late).length })
  const find = (m) => [...todos, ...free, ...aside, ...done].find((t) => t.kind === m[1] && t.id === m[2])
  const drop = (t) => { for (const list of [todos, free]) if (list.includes(t)) list.splice(list.indexOf(t), 1) }
  const share = (id, name, made, in_time, kept_late, broken, owed_late, owed, released, told) => ({ id, name, made, in_time, kept_late, broken, owed_late, owed, released, late: kept_late + broken + owed_late, late_told: told, kept_share: in_time / (in_time + kept_late + broken + owed_late || 1), late_median: kept_late ? 1460 : null, late_worst: kept_late ? 88_000 : null })
  const choices = () => ({ messages: false, choices: ['half_hour', 'hour', 'noon', 'six', 'tomorrow_morning', 'tomorrow_afternoon', 'monday'].map((code, i) => ({ code, at: i === 2 ? null : at([30, 60, 0, 150, 1100, 1400, 5000][i]), moved: i === 3 })) })
  return [
    ['GET', /^\/api\/promises\/choices$/, choices],
    ['GET', /^\/api\/promises\/report$/, () => ({ all: share(0, '', 128, 97, 12, 5, 3, 6, 5, 11), people: [share(7, me.name, 51, 44, 3, 1, 1, 1, 1, 3), share(9, '王磊', 47, 35, 5, 2, 1, 2, 2, 5), share(20, '赵敏', 30, 18, 4, 2, 1, 3, 2, 3)], stores: [share(1, '', 90, 70, 8, 3, 2, 4, 3, 8), share(2, '', 38, 27, 4, 2, 1, 2, 2, 3)] })],
    ['GET', /^\/api\/promises$/, (_, __, q) => { const s = q.get('state'); const found = rows.filter((r) => (s === 'owed' ? !r.ended_at : s === 'late' ? r.late : s ? r.state === s : true) && (!q.get('customer') || String(r.customer?.id) === q.get('customer')) && (!q.get('call') || r.call === q.get('call'))); return { items: found, total: found.length, page: 1, pages: 1 } }],
    ['POST', /^\/api\/promises$/, (_, b) => { const made = row(rows.length + 1, b.what, 60, 'open', { ...b, title: b.what === 'other' ? T(b.text, b.text) : WORDS[b.what], first_due_at: b.due_at, late: false, customer: b.customer ? him : null, car: null }); rows.push(made); return made }],
    ['GET', /^\/api\/promises\/([\w-]+)$/, (m) => rows.find((r) => r.id === m[1])],
    ['PATCH', /^\/api\/promises\/([\w-]+)$/, (m, b) => { const r = rows.find((x) => x.id === m[1]); const to = { keep: 'kept', break: 'broken', tell_off: 'released', withdraw: 'released', reopen: 'open', move: 'open' }[b.do]; Object.assign(r, { version: r.version + 1, note: b.note || r.note, ...(to ? { state: to } : {}), ...(b.due_at ? { due_at: b.due_at, late: false } : {}), ...(['told', 'move'].includes(b.do) ? { told_at: at(0), told_by: mine } : {}), ...(to && !['open'].includes(to) ? { ended_at: at(0), ended_by: mine, ended_how: b.do } : to === 'open' ? { ended_at: null } : {}) }); return r }],
    ['POST', /^\/api\/promises\/([\w-]+)\/ring$/, (m) => rows.find((r) => r.id === m[1])],
    ['GET', /^\/api\/customers\/\d+\/warnings$/, () => [{ kind: 'promise', text: T('陈思雨承诺 18:00 前：回电', 'Chen Siyu promised by 18:00: Ring back'), at: at(-26), tone: 'lost', link: '/tasks' }]],
    ['GET', /^\/api\/todos\/counts$/, counts],
    ['GET', /^\/api\/todos$/, (_, __, q) => ({ counts: counts(), kinds: { promise: T('承诺', 'Promise'), task: T('任务', 'Task'), leftover: T('待办回访', 'Left over') }, items: listOf(q) })],
    ['GET', /^\/api\/todos\/(\w+)\/([\w-]+)\/may-ring$/, (m) => ({ allowed: find(m)?.purpose === 'service', reason: T('近期营销联系次数已到上限', 'he was contacted with advertising as often as is allowed'), again: at(2000) })],
    ['POST', /^\/api\/todos\/(\w+)\/([\w-]+)\/ring$/, (m) => Object.assign(find(m), { owner: mine })],
    ['POST', /^\/api\/todos\/(\w+)\/([\w-]+)\/finish$/, (m, b) => { const t = find(m); drop(t); const end = { ...t, done_at: at(0), result: b.result }; done = [end, ...done]; return end }],
    ['POST', /^\/api\/todos\/(\w+)\/([\w-]+)\/reopen$/, (m) => { const t = find(m); done = done.filter((x) => x !== t); aside = aside.filter((x) => x !== t); const open = { ...t, done_at: null, result: '', until: null, why: '' }; todos.unshift(open); return open }],
    ['POST', /^\/api\/todos\/(\w+)\/([\w-]+)\/aside$/, (m, b) => { const t = find(m); drop(t); const put = { ...t, until: b.until, why: b.reason }; aside = [...aside, put]; return put }],
    ['DELETE', /^\/api\/todos\/(\w+)\/([\w-]+)\/aside$/, (m) => { const t = find(m); aside = aside.filter((x) => x !== t); todos.push({ ...t, until: null, why: '' }); return { ok: true } }],
    ['POST', /^\/api\/tasks$/, (_, b) => { todos.push(task(9, b.title, 60, { id: randomUUID(), text: b.text, due_at: b.due_at })); return todos.at(-1) }],
  ]
}
