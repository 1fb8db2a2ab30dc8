import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/http'
import { fetchRows, type Progress } from '../src/lib/download'
import { dayBegins, isoDay } from '../src/lib/time'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The server's answer in pieces; `breaks`: the connection goes away after them. */
function answers(pieces: string[], rows: number, breaks = false, status = 200): void {
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift()
      if (piece !== undefined) controller.enqueue(bytes(piece))
      else if (breaks) controller.error(new TypeError('network error'))
      else controller.close()
    },
  })
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status, headers: { 'X-Dealerline-Rows': String(rows), 'X-Dealerline-More': 'no' } })))
}

const fetched = (told: (progress: Progress) => void = () => undefined) => fetchRows('/api/calls/export', { outcome: 'answered' }, new AbortController().signal, told)
const code = (error: unknown): string => (error instanceof ApiError ? error.code : String(error))

describe('a list is saved whole or not at all', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('tells how far it is', async () => {
    answers(['\ufeffTime,Direc', 'tion\r\n1,in\r\n2,', 'in\r\n3,out\r\n'], 3)
    const told: number[] = []
    const found = await fetched((progress) => told.push(progress.rows))
    expect(told).toEqual([0, 0, 1, 3])
    expect(found).toMatchObject({ rows: 3, of: 3, more: false })
    expect(await found.file.text()).toContain('3,out')
  })

  it('is not taken for whole when the connection breaks', async () => {
    answers(['Time\r\n1\r\n'], 3, true)
    await expect(fetched().catch(code)).resolves.toBe('broken_off')
  })

  it('is not taken for whole when rows are missing', async () => {
    answers(['Time\r\n1\r\n'], 3)
    await expect(fetched().catch(code)).resolves.toBe('broken_off')
  })

  it('is refused in the words of the server', async () => {
    answers(['{"code": "forbidden", "text": {"zh": "x", "en": "y"}}'], 0, false, 403)
    await expect(fetched().catch(code)).resolves.toBe('forbidden')
  })
})

describe('days of a filter', () => {
  it('begin here at midnight, and the last one is whole', () => {
    expect(Date.parse(dayBegins('2026-11-25', 1)) - Date.parse(dayBegins('2026-11-25'))).toBe(86_400_000)
    expect(isoDay(Date.parse(dayBegins('2026-12-31', 1)) / 1000)).toBe('2027-01-01')
  })
})
