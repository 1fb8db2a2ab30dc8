import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../src/api/http'
import type { PromiseIn, PromiseRow } from '../src/api/types'
import { PromiseBox } from '../src/lib/promiseBox'
import { plainTimes, TIME_CODES } from '../src/lib/promiseTimes'

const body = (id = 'a'): PromiseIn => ({ id, what: 'ring_back', text: '', due_at: '2026-11-29T10:00:00Z' })

describe('promises that are not in the records yet', () => {
  let told: string[]
  let answer: () => Promise<PromiseRow>
  let saved: string[]
  const made = (key = 'box'): PromiseBox => new PromiseBox((one) => (told.push(one.id), answer()), key, (row) => saved.push(row.id))
  const down = (): Promise<PromiseRow> => Promise.reject(new ApiError(503, 'database', null))

  beforeEach(() => {
    localStorage.clear()
    told = []
    saved = []
    answer = () => Promise.resolve({ id: 'a' } as PromiseRow)
  })

  it('are gone as soon as the server has them', async () => {
    const box = made()
    const adding = box.add(body())
    expect(box.kept.map((k) => k.state)).toEqual(['sending'])
    await adding
    expect(box.kept).toEqual([])
    expect(saved).toEqual(['a'])
  })

  it('wait while the database is away, survive a reload, and are told again under the same id', async () => {
    answer = down
    await made().add(body())
    const after = made()
    expect(after.kept.map((k) => [k.body.id, k.state])).toEqual([['a', 'waiting']])
    await after.tick(1)
    await after.tick(2) // not at once again
    answer = () => Promise.resolve({ id: 'a' } as PromiseRow)
    await after.tick(10_000)
    expect(told).toEqual(['a', 'a', 'a'])
    expect(after.kept).toEqual([])
    expect(JSON.parse(localStorage.getItem('box')!)).toEqual([])
  })

  it('stay with the reason when they are refused, are not told again, and can be mended under their id', async () => {
    answer = () => Promise.reject(new ApiError(400, 'invalid', { zh: '错', en: 'wrong' }))
    const box = made()
    await box.add(body())
    await box.tick(1e12)
    expect(told).toHaveLength(1)
    expect(box.kept[0]!.problem!.text!.en).toBe('wrong')
    answer = () => Promise.resolve({ id: 'a' } as PromiseRow)
    await box.add({ ...body(), text: 'mended' })
    expect(box.kept).toEqual([])
  })

  it('can be taken back before the server had them', async () => {
    answer = down
    const box = made()
    await box.add(body())
    box.drop('a')
    await box.tick(1e12)
    expect(told).toHaveLength(1)
  })
})

describe('the quick times while the server does not answer', () => {
  const at = (now: Date): Record<string, string | null> => Object.fromEntries(plainTimes(now).map((one) => [one.code, one.at && new Date(one.at).toLocaleString('en-GB')]))

  it('stand in the order of their keys', () => {
    expect(plainTimes(new Date()).map((one) => one.code)).toEqual([...TIME_CODES])
  })

  it('have no time when it is over, and Monday is the next one', () => {
    expect(at(new Date(2026, 10, 30, 18, 30))).toMatchObject({ noon: null, six: null, tomorrow_morning: '01/12/2026, 10:00:00', monday: '07/12/2026, 10:00:00' })
    expect(at(new Date(2026, 10, 29, 9)).monday).toBe('30/11/2026, 10:00:00')
  })
})
