import { describe, expect, it } from 'vitest'
import { figure, money, phoneText, yuan } from '../src/lib/numbers'
import { actionOf, KEYS } from '../src/lib/shortcuts'
import { readFromName } from '../src/lib/softphone'
import { clock, spoken, toSeconds } from '../src/lib/time'
import { agentTone, waitTone } from '../src/lib/tones'
import { warningsOf } from '../src/lib/warnings'
import type { Pop } from '../src/api/types'

describe('numbers as people read them', () => {
  it.each([
    ['+8613812345678', '138 1234 5678'], ['+86138****5678', '138 **** 5678'], ['+862166668888', '021 6666 8888'], ['02388880001', '023 8888 0001'], ['+8657188881234', '0571 8888 1234'],
    ['+864008101234', '400 810 1234'], ['4008101234', '400 810 1234'], ['8007', '8007'], ['anonymous', 'anonymous'], ['+442071234567', '+442071234567'], ['', ''],
  ])('%s is shown as %s', (number, shown) => expect(phoneText(number)).toBe(shown))

  it('money without pennies has none, and nothing stays nothing', () => {
    expect(money('237700.00', 'zh')).toBe('¥237,700')
    expect(money('1260.50', 'en')).toMatch(/1,260\.50$/)
    expect(money(null, 'zh')).toBe('')
  })
})

describe('amounts as people type them', () => {
  it.each([['', null], ['3000', 3000], [' ¥ 3,000 元', 3000], ['25万', 250_000], ['25.8 万元', 258_000], ['2千', 2000], ['12.5w', 125_000]])('%s is %s', (typed, amount) => expect(yuan(typed)).toBe(amount))
  it('figures may have pennies', () => expect([figure('1000.50'), figure('3.2万'), figure('-5')]).toEqual([1000.5, 32_000, -5]))
  it.each(['abc', '-5', '3.5.1', '万', '1e9', '25-30万', '两万'])('%s is no amount', (typed) => expect(yuan(typed)).toBeNaN())
})

describe('time as people say it', () => {
  const now = new Date(2026, 10, 22, 15, 0, 0).getTime() / 1000
  it.each([
    [10, 'time.now'], [200, 'time.minutes'], [3600 * 4, 'time.today'], [86400, 'time.yesterday'], [86400 * 9, 'time.date'], [-86400, 'time.tomorrow'],
  ])('%d seconds ago is said as %s', (ago, key) => expect(spoken(now - ago, now, 'zh').key).toBe(key))

  it('lengths are clocks', () => {
    expect(clock(0)).toBe('00:00')
    expect(clock(65.9)).toBe('01:05')
    expect(clock(3661)).toBe('1:01:01')
    expect(clock(-3)).toBe('00:00')
  })

  it('a broken date is no date', () => {
    expect(toSeconds('soon')).toBeNull()
    expect(toSeconds('2026-11-22T07:00:00Z')).toBe(Date.UTC(2026, 10, 22, 7) / 1000)
  })
})

describe('keys', () => {
  const press = (code: string, more: object = {}) => actionOf({ altKey: true, ctrlKey: false, metaKey: false, shiftKey: false, code, ...more })
  it('every action has a key of its own', () => {
    expect(new Set(Object.values(KEYS).map((k) => k.code)).size).toBe(Object.keys(KEYS).length)
  })
  it('Alt+A answers; typing an a does not, nor does AltGr', () => {
    expect(press('KeyA')).toBe('answer')
    expect(press('KeyA', { altKey: false })).toBeNull()
    expect(press('KeyA', { ctrlKey: true })).toBeNull()
  })
})

describe('which session is which call', () => {
  it('is said by the From name', () => {
    expect(readFromName('dl ring 0192aa-77')).toEqual({ call: '0192aa-77', auto: false })
    expect(readFromName('"dl auto 0192aa-77"')).toEqual({ call: '0192aa-77', auto: true })
  })
  it('a stranger is no call and is never answered by itself', () => {
    expect(readFromName('Zhang San')).toEqual({ call: '', auto: false })
    expect(readFromName('dl auto ')).toEqual({ call: '', auto: false })
  })
})

describe('colours', () => {
  it('a state that came against his wish is red, a chosen one grey', () => {
    expect(agentTone('busy', 'no_answer')).toBe('lost')
    expect(agentTone('busy', 'meal')).toBe('away')
  })
  it('waiting turns amber at the promise and red at twice of it', () => {
    expect([waitTone(5), waitTone(25), waitTone(61)]).toEqual(['ready', 'wrap', 'lost'])
  })
})

describe('what a good agent notices', () => {
  const now = Date.UTC(2026, 10, 22) / 1000
  const pop = (more: object): Pop => ({ known: true, customer: null, cars: [], cars_count: 0, ties: [], bookings: [], warnings: [], orders: [], repairs: [], card: null, calls: [], other_matches: [], ...more }) as Pop
  it('a late repair comes first, then papers that run out', () => {
    const list = warningsOf(
      pop({ repairs: [{ open: true, number: 'W1', stage: 'working', promised_at: '2026-11-21T00:00:00Z' }], cars: [{ plate: 'A', model: '', insurance_until: '2026-12-02', inspection_until: '2026-11-01' }] }),
      now,
    )
    expect(list.map((w) => [w.key, w.values.n])).toEqual([['repairLate', undefined], ['insuranceSoon', 10], ['inspectionOver', 21]])
  })
  it('a closed repair and papers far away are nobody’s worry', () => {
    expect(warningsOf(pop({ repairs: [{ open: false, number: 'W', stage: 'closed', promised_at: '2020-01-01' }], cars: [{ plate: 'A', model: '', insurance_until: '2027-12-02', inspection_until: null }] }), now)).toEqual([])
  })
})
