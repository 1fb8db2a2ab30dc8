import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { DeskSocketOptions } from '../src/lib/deskSocket'
import type { Answer, Command, FromSwitch } from '../src/lib/protocol'

const line = { options: null as DeskSocketOptions | null, sent: [] as { command: Command; answer: (a: Partial<Answer>) => void; fail: (e: Error) => void }[] }

vi.mock('../src/lib/deskSocket', () => ({
  CommandError: class extends Error {},
  DeskSocket: class {
    lastMessage = 0
    constructor(options: DeskSocketOptions) {
      line.options = options
    }
    send(command: Command): Promise<Answer> {
      return new Promise((resolve, reject) => line.sent.push({ command, answer: (a) => resolve({ type: 'ok', id: '1', ...a }), fail: reject }))
    }
    close(): void {}
    hurry(): void {}
  },
}))

const { useDesk } = await import('../src/stores/desk')
const say = (message: unknown): void => line.options!.onMessage(message as FromSwitch)
const text = (word: string) => ({ zh: word, en: word })
const welcome = { type: 'welcome', person: { id: 7, name: 'me', extension: '8007', roles: [] }, agent: null, calls: [], sip: {}, reasons: [], queues: [], lines: [], now: Date.now() / 1000 }

describe('the desk’s store', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    line.sent = []
    useDesk().connect(false)
  })

  it('a second click while the first is under way sends nothing, and both are answered', async () => {
    const desk = useDesk()
    const [first, second] = [desk.send({ type: 'hold', call: 'a' }), desk.send({ type: 'hold', call: 'a' })]
    expect(line.sent).toHaveLength(1)
    expect(desk.waitsFor('a', 'hold')).toBe(true)
    line.sent[0]!.answer({})
    expect(await first).toEqual(await second)
    expect(desk.waitsFor('a', 'hold')).toBe(false)
    void desk.send({ type: 'hold', call: 'a' })
    expect(line.sent).toHaveLength(2) // done: now it is a new wish
  })

  it('the telephone somebody chose is said to the switch, and kept for the next page', () => {
    const desk = useDesk()
    say({ ...welcome, person: { ...welcome.person, phone: true, outside: '+86137****0001' } })
    expect(desk.telephones).toEqual({ phone: true, outside: '+86137****0001' })
    desk.setDevice('outside')
    expect(line.options!.device).toBe('outside')
    setActivePinia(createPinia())
    expect(useDesk().device).toBe('outside')
    localStorage.setItem('dealerline.device', 'fax')
    setActivePinia(createPinia())
    expect(useDesk().device).toBe('browser')
    localStorage.removeItem('dealerline.device')
  })

  it('digits are sent as often as they are pressed, and other commands do not wait for each other', () => {
    const desk = useDesk()
    void desk.send({ type: 'keys', call: 'a', digits: '1' })
    void desk.send({ type: 'keys', call: 'a', digits: '1' })
    void desk.send({ type: 'hold', call: 'a' })
    void desk.send({ type: 'hold', call: 'b' })
    expect(line.sent).toHaveLength(4)
  })

  it('a refused command is no longer under way', async () => {
    const desk = useDesk()
    const asked = desk.send({ type: 'supervise', person: 20, mode: 'listen' })
    expect(desk.waitsFor(20, 'supervise')).toBe(true)
    line.sent[0]!.fail(new Error('no'))
    await expect(asked).rejects.toThrow('no')
    expect(desk.waitsFor(20, 'supervise')).toBe(false)
  })

  it('a call of before conversations of many has no parties, and a repeated message changes nothing', () => {
    const desk = useDesk()
    say(welcome)
    say({ type: 'call', id: 'a', rev: 3, phase: 'talking', arrived: 1, answered: 1 })
    expect(desk.calls[0]).toMatchObject({ parties: [], attempt: null, supervised: false })
    say({ type: 'call', id: 'a', rev: 5, phase: 'talking', arrived: 1, attempt: { how: 'consult', state: 'asking', to: 'Wang', party: 'p2', until: 9 }, parties: [] })
    say({ type: 'call', id: 'a', rev: 4, phase: 'talking', arrived: 1, attempt: null, parties: [] })
    expect(desk.calls[0]?.attempt?.to).toBe('Wang')
  })

  it('a notice is kept until it is forgotten; the same one again is one', () => {
    const desk = useDesk()
    say({ type: 'notice', kind: 'warning', text: text('too late') })
    say({ type: 'notice', kind: 'info', text: text('other') })
    say({ type: 'notice', kind: 'warning', text: text('too late') })
    expect(desk.notices.map((n) => n.text.en)).toEqual(['other', 'too late'])
    desk.forget(desk.notices[0]!.id)
    expect(desk.notices).toHaveLength(1)
  })

  it('why a call that went out came to nothing is told too', () => {
    say({ type: 'call_gone', call: 'a', rev: 2, text: text('nobody answered') })
    expect(useDesk().notices[0]).toMatchObject({ kind: 'info', text: text('nobody answered') })
  })

  it('colleagues are sent while somebody looks, and asked for again after the line was lost', () => {
    const desk = useDesk()
    const stop = desk.watchColleagues()
    desk.watchColleagues()()
    expect(line.sent.map((s) => s.command)).toEqual([{ type: 'colleagues', on: true }])
    say(welcome)
    expect(line.sent.at(-1)?.command).toEqual({ type: 'colleagues', on: true })
    stop()
    stop()
    expect(line.sent.map((s) => s.command).slice(2)).toEqual([{ type: 'colleagues', on: false }])
  })

  it('raised hands are what the switch last said', () => {
    const desk = useDesk()
    say({ type: 'hands', hands: [{ person: 20, name: 'Wang', call: 'a', note: '', since: 1 }] })
    expect(desk.hands).toHaveLength(1)
    say({ type: 'hands', hands: [] })
    expect(desk.hands).toHaveLength(0)
  })
})
