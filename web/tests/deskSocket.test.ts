import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DeskSocket, Link } from '../src/lib/deskSocket'
import type { FromSwitch } from '../src/lib/protocol'

/** A switch's end of the line that the test plays by hand. */
class Line {
  static all: Line[] = []
  static OPEN = 1
  readyState = 0
  sent: Record<string, unknown>[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  constructor(readonly url: string) {
    Line.all.push(this)
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close(): void {
    this.readyState = 3
  }
  open(): void {
    this.readyState = 1
    this.onopen?.()
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
  die(): void {
    this.readyState = 3
    this.onclose?.()
  }
}

const last = (): Line => Line.all.at(-1)!

describe('the line to the switch', () => {
  let links: Link[] = []
  let messages: FromSwitch[] = []
  let tickets = 0
  let socket: DeskSocket

  beforeEach(async () => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', Line)
    Line.all = []
    links = []
    messages = []
    tickets = 0
    vi.resetModules() // the ticker is one a page: a new page for each story
    const module = await import('../src/lib/deskSocket')
    socket = new module.DeskSocket({
      url: 'ws://x/desk', tab: 't', device: 'browser', watch: false, ticket: async () => `ticket ${++tickets}`, onMessage: (m) => messages.push(m), onLink: (l) => links.push(l),
    })
    await vi.advanceTimersByTimeAsync(1)
    last().open()
  })
  afterEach(() => {
    socket.close()
    vi.useRealTimers()
  })

  it('says hello first, with a fresh ticket, and is up once welcomed', () => {
    expect(last().sent[0]).toMatchObject({ type: 'hello', ticket: 'ticket 1', tab: 't', watch: false })
    expect(links.at(-1)).toBe('connecting')
    last().say({ type: 'welcome' })
    expect(links.at(-1)).toBe('up')
  })

  it('answers of the switch settle the command they belong to', async () => {
    last().say({ type: 'welcome' })
    const fine = socket.send({ type: 'hold', call: 'a' })
    const bad = socket.send({ type: 'hold', call: 'b' })
    const [first, second] = last().sent.slice(-2)
    last().say({ type: 'error', id: second!.id, code: 'no_call', text: { zh: 'z', en: 'e' } })
    last().say({ type: 'ok', id: first!.id, party: 'p2' })
    await expect(fine).resolves.toMatchObject({ party: 'p2' })
    await expect(bad).rejects.toMatchObject({ code: 'no_call' })
  })

  it('a command without an answer fails instead of waiting for ever', async () => {
    last().say({ type: 'welcome' })
    const waiting = expect(socket.send({ type: 'hold', call: 'a' })).rejects.toMatchObject({ code: 'no_answer' })
    await vi.advanceTimersByTimeAsync(10_000)
    await waiting
  })

  it('comes back by itself after it was lost, with a new ticket and the same tab', async () => {
    last().say({ type: 'welcome' })
    last().die()
    expect(links.at(-1)).toBe('lost')
    await vi.advanceTimersByTimeAsync(3000)
    expect(Line.all).toHaveLength(2)
    last().open()
    expect(last().sent[0]).toMatchObject({ ticket: 'ticket 2', tab: 't' })
  })

  it('pings, and gives up a line that has fallen silent', async () => {
    last().say({ type: 'welcome' })
    const first = last()
    await vi.advanceTimersByTimeAsync(12_000)
    expect(first.sent.some((m) => m.type === 'ping')).toBe(true)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(links).toContain('lost')
    expect(Line.all.length).toBeGreaterThan(1)
  })

  it('commands while it is down fail at once, in words the page can say', async () => {
    last().die()
    await expect(socket.send({ type: 'hold', call: 'a' })).rejects.toMatchObject({ code: 'not_connected' })
  })
})
