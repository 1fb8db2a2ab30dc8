import { describe, expect, it } from 'vitest'
import type { GroupFields } from '@/api/types'
import { entityOf, inputOf, isGroup, newCondition, partAt, read, valueFor, write } from '@/lib/rules'

const field = (code: string, kind: string, of = 'customer', operators = ['within_next']) => ({ code, kind, of, operators: operators.map((value) => ({ value, name: { zh: value, en: value } })), options: [], ids: false, name: { zh: code, en: code }, of_name: { zh: of, en: of }, unit: { zh: '', en: '' } })
const fields = { fields: [field('name', 'text', 'customer', ['contains']), field('level', 'choice', 'customer', ['one_of']), field('car.insurance_until', 'date', 'car')] } as unknown as GroupFields

describe('a rule while it is built', () => {
  const data = { how: 'all', of: [{ field: 'level', op: 'one_of', value: ['vip'] }, { how: 'one_car', of: [{ field: 'car.insurance_until', op: 'within_next', value: 30 }] }] }

  it('is the same data again after it was read and written', () => {
    expect(write(read(data))).toEqual(data)
  })

  it('takes a single condition as a group of one', () => {
    expect(write(read(data.of[0]!))).toEqual({ how: 'all', of: [data.of[0]] })
  })

  it('shows an error at the part the server names', () => {
    const rule = read(data)
    const inner = partAt(rule, 'rule.of.1.of.0')
    expect(inner && !isGroup(inner) && inner.field).toBe('car.insurance_until')
    expect(partAt(rule, 'rule')).toBe(rule)
    expect(partAt(rule, 'rule.of.9')).toBeNull()
  })

  it('begins a condition with a field that belongs there and a value that fits', () => {
    expect(newCondition(fields, 'car')).toMatchObject({ field: 'car.insurance_until', op: 'within_next', value: 30 })
    expect(newCondition(fields, '')).toMatchObject({ field: 'level', op: 'one_of', value: [] })
    expect(entityOf('one_car')).toBe('car')
    expect(entityOf('any')).toBe('')
  })

  it('asks for what the comparison needs', () => {
    const date = fields.fields[2]
    expect(inputOf(date, 'between')).toBe('dates')
    expect(inputOf(date, 'empty')).toBe('none')
    expect(inputOf(fields.fields[0], 'contains')).toBe('text')
    expect(valueFor('numbers')).toEqual([null, null])
  })
})
