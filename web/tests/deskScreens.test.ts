import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { createApp, h, nextTick, type App, type Component } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { DeskSocketOptions } from '../src/lib/deskSocket'
import type { Answer, Command, FromSwitch } from '../src/lib/protocol'
import { scenes } from '../dev/scenes.mjs'

/** The screens on recorded messages: what is drawn in each state, and what keys and clicks ask of the switch. */
const line = vi.hoisted(() => ({ options: null as DeskSocketOptions | null, sent: [] as Command[], refuse: null as null | { code: string; text: { zh: string; en: string } } }))
vi.mock('../src/lib/deskSocket', () => {
  class CommandError extends Error {
    constructor(readonly code: string, readonly text: unknown) {
      super(code)
    }
  }
  return {
    CommandError,
    DeskSocket: class {
      lastMessage = 0
      constructor(options: DeskSocketOptions) {
        line.options = options
      }
      async send(command: Command): Promise<Answer> {
        line.sent.push(command)
        if (line.refuse) throw new CommandError(line.refuse.code, line.refuse.text)
        return { type: 'ok', id: '1', call: 'x' }
      }
      close(): void {}
      hurry(): void {}
    },
  }
})
vi.mock('../src/api/http', async (original) => ({ ...(await original<object>()), askPop: () => Promise.reject(new Error('no server here')) }))

const { i18n } = await import('../src/i18n')
const { useDesk } = await import('../src/stores/desk')
const { useSession } = await import('../src/stores/session')
const { useUi } = await import('../src/stores/ui')
const { useWork } = await import('../src/stores/work')
const PhonePanel = (await import('../src/components/PhonePanel.vue')).default
const LeadWall = (await import('../src/components/LeadWall.vue')).default
const HandsBar = (await import('../src/components/HandsBar.vue')).default
const { useActions } = await import('../src/lib/useActions')

let app: App | null = null
let pinia: Pinia
let host: HTMLElement
let onKey: (event: KeyboardEvent) => void = () => undefined
const say = (message: unknown): void => line.options!.onMessage(message as FromSwitch)
const id = (name: string): HTMLElement | null => host.querySelector(`[data-testid="${name}"]`)
const sent = (type: Command['type']): Command[] => line.sent.filter((c) => c.type === type)
const settle = async (): Promise<void> => {
  for (let i = 0; i < 6; i += 1) await nextTick()
}

function play(name: string): void {
  const scene = scenes[name]!()
  say({ type: 'welcome', person: { id: 7, name: 'me', extension: '8007', roles: [] }, agent: { state: scene.agent, reason: '', cause: '', since: 1, until: null, text: null, rejoin: scene.rejoin ?? null }, calls: scene.calls.map((c) => ({ ...c, rev: 5 })), sip: null, reasons: [], queues: [{ id: 101, code: 's', name: { zh: '销售', en: 'Sales' }, store: 1 }], lines: [], now: Date.now() / 1000 })
  say({ type: 'hands', hands: scene.hands ?? [] })
}

async function show(component: Component, props: Record<string, unknown> = {}): Promise<void> {
  app = createApp({
    setup() {
      onKey = useActions().onKey // as the frame does
      return () => h(component, props)
    },
  })
  app.use(pinia).use(i18n).use(createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { render: () => null } }] }))
  app.mount(host)
  await settle()
}

async function alt(code: string): Promise<void> {
  onKey(new KeyboardEvent('keydown', { altKey: true, code, cancelable: true }))
  await settle()
}
async function press(target: Element, key: string, code = ''): Promise<void> {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }))
  await settle()
}
async function click(name: string): Promise<void> {
  id(name)!.click()
  await settle()
}

beforeEach(() => {
  localStorage.clear()
  line.sent = []
  line.refuse = null
  pinia = createPinia()
  setActivePinia(pinia)
  host = document.body.appendChild(document.createElement('div'))
  useDesk().connect(false)
  useWork() // follows the calls from the first on, as in the frame
})
afterEach(() => {
  app?.unmount()
  host.remove()
})

describe('the call card', () => {
  it.each(Object.keys(scenes))('can be drawn in the state "%s"', async (name) => {
    play(name)
    await show(PhonePanel)
    if (!['lead-hands', 'lead-requests', 'agent-asks', 'agent-away', 'rejoin-lost'].includes(name)) expect(id('call-card')).not.toBeNull()
  })

  it('in a consultation says whom one talks to and who hears music, and the keys act', async () => {
    play('consulting')
    await show(PhonePanel)
    expect(id('attempt')?.textContent).toContain('您在和 王磊 说话')
    expect(id('attempt')?.textContent).toContain('在听音乐')
    await alt('KeyS')
    await alt('KeyG')
    await alt('KeyO')
    await alt('KeyV')
    expect(line.sent.filter((c) => ['swap', 'three_way', 'complete', 'cancel'].includes(c.type)).map((c) => c.type)).toEqual(['swap', 'three_way', 'complete', 'cancel'])
  })

  it('keys that mean nothing now ask for nothing', async () => {
    play('talk')
    await show(PhonePanel)
    for (const code of ['KeyS', 'KeyG', 'KeyO', 'KeyV', 'Digit1', 'Digit4']) await alt(code)
    expect(line.sent.filter((c) => c.type !== 'board')).toEqual([])
  })

  it('a blind transfer to the last colleague is two actions, and twice is once', async () => {
    localStorage.setItem('dealerline.recent.7', '["person:21"]')
    play('talk')
    await show(PhonePanel)
    await alt('KeyT')
    say({ type: 'colleagues', now: 0, people: [{ id: 21, name: 'Zhao', extension: '8021', store: 1, store_name: { zh: '', en: '' }, queues: [], state: 'ready', reason: '', since: 0, free: true }] })
    await settle()
    const field = id('bring-find')!
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await settle()
    expect(sent('bring')).toEqual([{ type: 'bring', call: expect.any(String), how: 'transfer', target: { kind: 'person', id: 21 } }])
    expect(id('bring')).toBeNull()
  })

  it('a colleague who becomes busy turns grey where he is, and cannot be chosen', async () => {
    const person = (n: number, free: boolean) => ({ id: n, name: `P${n}`, extension: '', store: 1, store_name: { zh: '', en: '' }, queues: [], state: free ? 'ready' : 'talking', reason: '', since: 0, free })
    play('talk')
    await show(PhonePanel)
    await alt('KeyT')
    say({ type: 'colleagues', now: 0, people: [person(21, true), person(22, true)] })
    await settle()
    say({ type: 'colleagues', now: 1, people: [person(21, false), person(22, true)] })
    await settle()
    const rows = [...host.querySelectorAll<HTMLElement>('[data-testid="bring-row"]')].filter((row) => row.dataset.key?.startsWith('person'))
    expect(rows.map((row) => [row.dataset.key, row.getAttribute('aria-disabled')])).toEqual([['person:21', 'true'], ['person:22', 'false']])
    rows[0]!.click()
    await settle()
    expect(sent('bring')).toEqual([])
    expect(id('bring-fault')?.textContent).toContain('P21')
  })

  it('why it was refused is said at the place, in the switch’s words', async () => {
    play('talk')
    line.refuse = { code: 'not_now', text: { zh: '现在不行。', en: 'Not now.' } }
    await show(PhonePanel)
    await click('call-hold')
    expect(id('call-fault')?.textContent).toBe('现在不行。')
  })

  it('a call that came back says why', async () => {
    play('offer-return')
    await show(PhonePanel)
    expect(id('offer')?.dataset.how).toBe('return')
    expect(id('offer')?.textContent).toContain('王磊无人接听')
  })

  it('the record is paused for a card number, and resumed', async () => {
    play('talk')
    await show(PhonePanel)
    await alt('KeyP')
    play('talk-paused')
    await settle()
    expect(id('recording-paused')).not.toBeNull()
    await click('call-record-pause')
    expect(line.sent.map((c) => c.type).filter((type) => type.startsWith('record'))).toEqual(['record_pause', 'record_resume'])
  })

  it('a hand goes up with a note by two keys and down by one', async () => {
    play('talk')
    await show(PhonePanel)
    await alt('KeyU')
    const note = id('hand-note') as HTMLTextAreaElement
    note.value = ' wants the manager '
    note.dispatchEvent(new Event('input'))
    await press(note, 'Enter')
    expect(sent('raise_hand')).toMatchObject([{ note: 'wants the manager' }])
    play('talk-hand')
    await settle()
    await alt('KeyU')
    expect(sent('lower_hand')).toHaveLength(1)
  })
})

describe('the rooms', () => {
  const token = (party: string): HTMLElement => host.querySelector<HTMLElement>(`[data-testid="token"][data-party="${party}"]`)!

  it('are drawn with who is in them, and say who hears whom', async () => {
    play('rooms')
    await show(PhonePanel)
    expect([...host.querySelectorAll<HTMLElement>('[data-testid="room"]')].map((room) => [room.dataset.room, room.querySelectorAll('[data-testid="token"]').length])).toEqual([['main', 3], ['s1', 2], ['s2', 1]])
    token('p2').dispatchEvent(new Event('focus'))
    await settle()
    expect(id('rooms-ear')?.textContent).toContain('王磊：平安保险 理赔专线 听得见')
  })

  it('a token is sent by keys: to a room, to a new one, aside with oneself; held, muted, removed', async () => {
    play('rooms')
    await show(PhonePanel)
    await press(token('p3'), '0', 'Digit0')
    await press(token('p2'), 'n', 'KeyN')
    await press(token('p4'), 'h', 'KeyH')
    await press(token('p3'), 'm', 'KeyM')
    await press(token('p2'), 'Delete', 'Delete')
    await press(token('p2'), 'o', 'KeyO')
    expect(line.sent.filter((c) => 'call' in c)).toMatchObject([
      { type: 'back', parties: ['p3'] }, { type: 'aside', parties: ['p2'], room: '' }, { type: 'unhold', party: 'p4' }, { type: 'unmute', party: 'p3' }, { type: 'remove', party: 'p2' }, { type: 'host', party: 'p2' },
    ])
  })

  it('a token has a menu of the same, which gives the focus back', async () => {
    play('rooms')
    await show(PhonePanel)
    token('p2').click()
    await settle()
    const menu = document.querySelector('[data-testid="token-menu"]')!
    expect(document.activeElement?.getAttribute('data-testid')).toBe('token-hold')
    await press(menu.querySelector('[role="menuitem"]')!, 'Escape')
    expect(document.querySelector('[data-testid="token-menu"]')).toBeNull()
    expect(document.activeElement).toBe(token('p2'))
    token('p2').click()
    await settle()
    document.querySelector<HTMLElement>('[data-testid="token-move-s2"]')!.click()
    await settle()
    expect(sent('aside')).toMatchObject([{ parties: ['p2'], room: 's2' }])
  })

  it('a token is dragged from one room to another; where it may not go, nothing is asked', async () => {
    play('rooms')
    await show(PhonePanel)
    const rooms = [...host.querySelectorAll<HTMLElement>('[data-testid="room"]')]
    token('p3').dispatchEvent(new Event('dragstart'))
    rooms[1]!.dispatchEvent(new Event('drop', { cancelable: true }))
    await settle()
    token('p2').dispatchEvent(new Event('dragstart'))
    rooms[1]!.dispatchEvent(new Event('drop', { cancelable: true }))
    await settle()
    expect(sent('aside')).toMatchObject([{ parties: ['p3'], room: 's1' }])
  })

  it('how loud a side room hears the main one is chosen there; what is refused is not shown as done', async () => {
    play('rooms')
    await show(PhonePanel)
    const turn = async (level: string): Promise<HTMLSelectElement> => {
      const field = id('room-volume') as HTMLSelectElement
      field.value = level
      field.dispatchEvent(new Event('change'))
      await settle()
      return field
    }
    await turn('off')
    expect(sent('room_volume')).toMatchObject([{ room: 's1', level: 'off' }])
    line.refuse = { code: 'not_host', text: { zh: '只有主持人可以这样做。', en: '' } }
    expect((await turn('soft')).value).toBe('normal')
    line.refuse = null
    expect(id('call-fault')?.textContent).toContain('主持人')
  })

  it('who is not host has no host’s means', async () => {
    play('rooms-aside')
    await show(PhonePanel)
    expect([id('rooms-lock'), id('rooms-end')]).toEqual([null, null])
    expect(id('room-volume')).toMatchObject({ value: 'soft', disabled: false })
    expect(token('customer').getAttribute('draggable')).toBe('false')
    await click('rooms-back')
    expect(sent('back')).toMatchObject([{ parties: [] }])
  })
})

describe('back into a call that goes on', () => {
  it('is offered on the card of one’s after-call work, by click and by key', async () => {
    play('rejoin-wrap')
    await show(PhonePanel)
    expect(host.querySelector('[data-testid="call-card"] [data-testid="rejoin"]')?.textContent).toContain('王磊')
    await click('rejoin-go')
    await alt('Digit0')
    expect(sent('rejoin')).toHaveLength(2)
  })

  it('is offered by itself when there is no card any more, and says why it was refused', async () => {
    play('rejoin-lost')
    await show(PhonePanel)
    line.refuse = { code: 'locked', text: { zh: '会议已锁定，只有主持人可以邀请。', en: '' } }
    await click('rejoin-go')
    line.refuse = null
    expect(id('rejoin-fault')?.textContent).toContain('锁定')
  })

  it('is not offered while one is on another call', async () => {
    play('talk')
    say({ type: 'agent', state: 'talking', reason: '', cause: '', since: 1, until: null, text: null, rejoin: scenes['rejoin-lost']!().rejoin })
    await show(PhonePanel)
    expect(id('rejoin')).toBeNull()
    await alt('Digit0')
    expect(sent('rejoin')).toHaveLength(0)
  })
})

describe('several calls', () => {
  const FIRST = '0192dddd-0000-7000-8000-000000000001'
  const SECOND = '0192dddd-0000-7000-8000-000000000002'
  const cards = (): (string | null)[] => [...host.querySelectorAll('[data-testid="call-card"]')].map((card) => `${card.getAttribute('data-phase')}${card.hasAttribute('data-small') ? ' small' : ''}`)

  it('one is large, those with music are small', async () => {
    play('several-three')
    await show(PhonePanel)
    expect(cards()).toEqual(['talking', 'parked small', 'parked small'])
  })

  it('a click or its number goes to another; the one of the talk, and a number too many, do nothing', async () => {
    play('several-three')
    await show(PhonePanel)
    await click('call-take')
    await alt('Digit2')
    await alt('Digit3')
    await alt('Digit4')
    expect(sent('take')).toEqual([{ type: 'take', call: FIRST }, { type: 'take', call: SECOND }])
  })

  it('the key that swaps goes to the one that has waited longest', async () => {
    play('several-three')
    await show(PhonePanel)
    await alt('KeyS')
    expect(sent('take')).toEqual([{ type: 'take', call: FIRST }])
    expect(sent('swap')).toEqual([])
  })

  it('between two calls, the ended one is there to be written and the next is taken by one key', async () => {
    play('several-ended')
    await show(PhonePanel)
    expect(cards()).toEqual(['parked small', 'wrap small'])
    await alt('KeyH')
    await click('wrap-done')
    expect(line.sent.filter((c) => 'call' in c)).toEqual([{ type: 'take', call: FIRST }, { type: 'wrap_done', call: SECOND }])
  })

  it('in a talk, the keypad dials another number when it is asked to', async () => {
    play('talk')
    useUi().keypad = true
    await show(PhonePanel)
    expect(id('dial')).toBeNull()
    await click('dial-another')
    expect(id('dial')).not.toBeNull()
    await click('dial-back')
    expect(id('dial')).toBeNull()
  })
})

describe('a lead', () => {
  const lead = (): void => {
    useSession().info = { signed_in: true, person: { id: 7, name: 'me', roles: ['shift_lead'], permissions: [], stores: [] } } as never
  }
  const people = [
    { id: 20, name: 'Wang', store: 1, state: 'talking', reason: '', since: 1, call_since: 1 }, { id: 21, name: 'Zhao', store: 1, state: 'ready', reason: '', since: 1, call_since: null }, { id: 22, name: 'Sun', store: 1, state: 'offline', reason: '', since: 1, call_since: null },
  ]

  it('changes how he is there by one key each, with the agent he is with', async () => {
    play('lead-listen')
    await show(PhonePanel)
    expect(id('supervise')?.dataset.mode).toBe('listen')
    await alt('Digit2')
    await alt('Digit3')
    expect(sent('supervise')).toMatchObject([{ person: 20, mode: 'whisper' }, { person: 20, mode: 'barge' }])
    await alt('Digit4')
    expect(sent('take_over')).toHaveLength(1)
    play('lead-whisper')
    await settle()
    expect(id('supervise')?.dataset.mode).toBe('whisper')
  })

  it('goes to the one who raised a hand first by one key', async () => {
    lead()
    play('lead-hands')
    await show(HandsBar)
    expect(host.textContent).toContain('客户要求退车')
    await alt('KeyL')
    expect(sent('supervise')).toMatchObject([{ person: 20, mode: 'listen' }])
  })

  it('an agent sees no raised hands and his keys do nothing there', async () => {
    play('lead-hands')
    await show(HandsBar)
    expect(id('hands')).toBeNull()
    await alt('KeyL')
    expect(sent('supervise')).toEqual([])
  })

  it('sees on the board who talks, with what can be done; who is ready has no call to go to', async () => {
    lead()
    useDesk().device = 'phone'
    play('lead-hands')
    await show(LeadWall, { people, several: false })
    const rows = [...host.querySelectorAll<HTMLElement>('[data-testid="lead-person"]')]
    expect(rows.map((row) => [row.dataset.person, row.querySelectorAll('.act').length])).toEqual([['20', 5], ['21', 0]])
    await press(rows[0]!, 'w', 'KeyW')
    await press(rows[1]!, 'w', 'KeyW')
    expect(sent('supervise')).toMatchObject([{ person: 20, mode: 'whisper' }])
  })

  it('takes a call over from the board once his own phone is there, not before', async () => {
    lead()
    useDesk().device = 'phone'
    play('lead-hands')
    await show(LeadWall, { people, several: false })
    await press(host.querySelector('[data-testid="lead-person"]')!, 't', 'KeyT')
    expect(sent('supervise')).toMatchObject([{ person: 20, mode: 'listen' }])
    play('lead-coming')
    await settle()
    expect(sent('take_over')).toEqual([])
    play('lead-listen')
    await settle()
    expect(sent('take_over')).toHaveLength(1)
  })
})
