/** The rule of a group of customers while it is built: rows with ids of their own, and the data the server takes. */
import type { GroupField, GroupFields } from '@/api/types'

export interface Condition {
  key: number
  field: string
  op: string
  value: unknown
}
export interface Group {
  key: number
  how: string
  of: Part[]
}
export type Part = Condition | Group
type Data = Record<string, unknown>

let last = 0
const key = (): number => ++last

export const isGroup = (part: Part): part is Group => 'how' in part
export const emptyGroup = (how = 'all'): Group => ({ key: key(), how, of: [] })
/** What a group is about when it is about one and the same ("one_car": car); "" otherwise. */
export const entityOf = (how: string): string => (how.startsWith('one_') ? how.slice(4) : '')

export function read(data: Data): Group {
  const part = readPart(data)
  return isGroup(part) ? part : { ...emptyGroup(), of: [part] }
}

function readPart(data: Data): Part {
  if ('how' in data) return { key: key(), how: String(data.how), of: ((data.of as Data[] | undefined) ?? []).map(readPart) }
  return { key: key(), field: String(data.field ?? ''), op: String(data.op ?? ''), value: data.value ?? null }
}

export function write(part: Part): Data {
  return isGroup(part) ? { how: part.how, of: part.of.map(write) } : { field: part.field, op: part.op, value: part.value }
}

/** Kinds of inputs a condition can have. */
export type Input = 'none' | 'text' | 'options' | 'labels' | 'days' | 'number' | 'numbers' | 'date' | 'dates'

export function inputOf(field: GroupField | undefined, op: string): Input {
  if (!field || !op || ['empty', 'filled', 'yes', 'no'].includes(op)) return 'none'
  if (field.kind === 'text') return 'text'
  if (field.kind === 'labels') return 'labels'
  if (field.kind === 'choice') return 'options'
  if (['within_next', 'within_last', 'not_within_last'].includes(op)) return 'days'
  const day = field.kind === 'date' || field.kind === 'time'
  return op === 'between' ? (day ? 'dates' : 'numbers') : day ? 'date' : 'number'
}

/** A sensible beginning of the value, so that a new condition can be counted at once where that is possible. */
export function valueFor(input: Input): unknown {
  if (input === 'days') return 30
  if (input === 'options' || input === 'labels') return []
  if (input === 'numbers') return [null, null]
  return input === 'text' ? '' : null
}

export function fieldFor(fields: GroupFields | null, code: string): GroupField | undefined {
  return fields?.fields.find((field) => field.code === code)
}

/** A new condition on the first field that fits there. */
export function newCondition(fields: GroupFields | null, inside: string): Condition {
  const field = fields?.fields.find((one) => (inside ? one.of === inside : one.code === 'level')) ?? fields?.fields[0]
  const op = field?.operators[0]?.value ?? ''
  return { key: key(), field: field?.code ?? '', op, value: valueFor(inputOf(field, op)) }
}

/** The part at the server's path ("rule.of.0.of.2" or ""), for showing an error where it is. */
export function partAt(rule: Group, path: string): Part | null {
  let part: Part = rule
  for (const step of path.split('.').filter((one) => /^\d+$/.test(one))) {
    const next: Part | undefined = isGroup(part) ? part.of[Number(step)] : undefined
    if (!next) return null
    part = next
  }
  return part
}
