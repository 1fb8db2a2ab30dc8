import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** The server as far as a record goes: answers what the test says, remembers what was sent. */
class Server {
  sent: { method: string; body: Record<string, unknown> | null }[] = []
  stored: Record<string, unknown> | null = null
  down = false
  other: Record<string, unknown> | null = null

  fetch = async (input: Request): Promise<Response> => {
    if (this.down) throw new TypeError('no network')
    const body = input.method === 'PUT' ? ((await input.json()) as Record<string, unknown>) : null
    this.sent.push({ method: input.method, body })
    if (!body) return Response.json(this.stored)
    if (this.other) return Response.json({ code: 'stale', text: { zh: 'x', en: 'x' }, fields: {}, current: this.other }, { status: 409 })
    this.stored = { ...body, call: 'c', version: Number(body.version) + 1, author: 'me', updated_at: null }
    return Response.json(this.stored)
  }
}

const server = { now: new Server() }
vi.stubGlobal('fetch', (input: Request) => server.now.fetch(input))

async function fresh(call: string) {
  vi.resetModules()
  const { recordOf } = await import('../src/lib/recordDraft')
  const record = recordOf(call)
  await vi.advanceTimersByTimeAsync(20)
  return record
}

describe('the record while it is being written', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    localStorage.clear()
    server.now = new Server()
  })
  afterEach(() => vi.useRealTimers())

  it('saves itself as a draft after the last change, once', async () => {
    const record = await fresh('a')
    for (const notes of ['g', 'go', 'good']) {
      record.draft.fields.notes = notes
      record.changed()
    }
    await vi.advanceTimersByTimeAsync(4000)
    const puts = server.now.sent.filter((s) => s.method === 'PUT')
    expect(puts).toHaveLength(1)
    expect(puts[0]?.body).toMatchObject({ notes: 'good', draft: true, version: 0 })
    expect(record.draft.state).toBe('saved')
    expect(localStorage.getItem('dealerline.record.a')).toBeNull()
  })

  it('keeps the words in the browser while the server is away, and sends them when it is back', async () => {
    const record = await fresh('b')
    server.now.down = true
    record.draft.fields.notes = 'brakes'
    record.changed()
    await vi.advanceTimersByTimeAsync(3000)
    expect(record.draft.state).toBe('waiting')
    expect(localStorage.getItem('dealerline.record.b')).toContain('brakes')
    server.now.down = false
    await vi.advanceTimersByTimeAsync(8000)
    expect(server.now.stored).toMatchObject({ notes: 'brakes' })
    expect(record.draft.state).toBe('saved')
  })

  it('brings unsent words back after the page was closed', async () => {
    localStorage.setItem('dealerline.record.c', JSON.stringify({ fields: { matter: null, result: null, notes: 'from before', follow_up_at: null, follow_up_note: '', customer: null }, version: 0 }))
    const record = await fresh('c')
    expect(record.draft.fields.notes).toBe('from before')
    await vi.advanceTimersByTimeAsync(4000)
    expect(server.now.stored).toMatchObject({ notes: 'from before' })
  })

  it('does not finish without a matter and a result', async () => {
    const record = await fresh('d')
    expect(await record.finish()).toBe(false)
    expect(server.now.sent.filter((s) => s.method === 'PUT')).toHaveLength(0)
  })

  it('shows a colleague’s version instead of overwriting it, and lets the person decide', async () => {
    const record = await fresh('e')
    server.now.other = { call: 'e', matter: 1, result: 2, notes: 'theirs', follow_up_at: null, follow_up_note: '', customer: null, draft: false, version: 7, author: 'Wang Lei', updated_at: null }
    record.draft.fields.notes = 'mine'
    record.changed()
    await vi.advanceTimersByTimeAsync(4000)
    expect(record.draft.state).toBe('conflict')
    expect(record.draft.theirs?.author).toBe('Wang Lei')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(server.now.sent.filter((s) => s.method === 'PUT')).toHaveLength(1) // no quarrelling while he reads
    server.now.other = null
    await record.keepMine()
    expect(server.now.stored).toMatchObject({ notes: 'mine', version: 8 })
  })

  it('takes theirs when he wants it so', async () => {
    const record = await fresh('f')
    server.now.other = { call: 'f', matter: 1, result: 2, notes: 'theirs', follow_up_at: null, follow_up_note: '', customer: null, draft: false, version: 7, author: null, updated_at: null }
    record.draft.fields.notes = 'mine'
    record.changed()
    await vi.advanceTimersByTimeAsync(4000)
    record.takeTheirs()
    expect(record.draft.fields.notes).toBe('theirs')
    expect(record.draft.finished).toBe(true)
  })
})
