/**
 * A row that several people edit in place, field by field. Each change is saved with the version it was read at. When a colleague was
 * quicker, what only one of us changed is kept from both; where both wrote into one field, mine stands beside theirs until the
 * person chooses. Nobody's words are thrown away.
 */
import { reactive, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ApiError } from '@/api/http'
import { words } from '@/i18n'
import { same, settle, type Values } from './settle'

export interface Both {
  mine: unknown
  theirs: unknown
}

export interface RowEdit {
  row: ShallowRef<Values>
  conflicts: Record<string, Both>
  problems: Record<string, string>
  /** The field that is being saved. */
  saving: Ref<string>
  /** What a colleague changed while I was at it. */
  told: Ref<string[]>
  /** Whether it is saved. `base`: the field as it was when I began. */
  save: (field: string, value: unknown, base: unknown) => Promise<boolean>
  keepMine: (field: string) => Promise<boolean>
  takeTheirs: (field: string) => void
  /** A newer row came by another way, as the server says it. */
  fresh: (row: Values) => void
}

/** `read`: a row as it is edited, of one as the server says it (a car by its id, say). */
type Write = (changes: Values, version: number) => Promise<Values>
const TRIES = 4

export function useRow(first: Values, write: Write, more: { changed?: (row: Values) => void; failed?: (error: unknown) => void; read?: (row: Values) => Values } = {}): RowEdit {
  const read = more.read ?? ((row) => row)
  const row = shallowRef<Values>(read(first))
  const conflicts = reactive<Record<string, Both>>({})
  const problems = reactive<Record<string, string>>({})
  const saving = ref('')
  const told = ref<string[]>([])
  let line: Promise<unknown> = Promise.resolve() // one after the other: the second needs the version of the first

  function fresh(given: Values): void {
    const next = read(given)
    if (Number(next.version) < Number(row.value.version)) return
    row.value = { ...row.value, ...next }
    for (const [field, both] of Object.entries(conflicts)) {
      if (same(both.mine, row.value[field])) delete conflicts[field]
      else both.theirs = row.value[field]
    }
  }

  async function send(field: string, value: unknown, base: unknown, tries = 0): Promise<boolean> {
    const before = { ...row.value, [field]: base }
    const known = settle(before, { [field]: value }, row.value)
    if (known.conflicts.length) {
      conflicts[field] = { mine: value, theirs: row.value[field] }
      return false
    }
    if (!(field in known.again)) return true
    try {
      const next = await write({ [field]: value }, Number(row.value.version))
      fresh(next)
      delete conflicts[field]
      more.changed?.(row.value)
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const now = error.body.current as Values | undefined
      if (error.status === 409 && now && tries < TRIES) {
        told.value = settle(row.value, {}, read(now)).theirs
        fresh(now)
        more.changed?.(row.value)
        return send(field, value, base, tries + 1)
      }
      const text = error.fields[field] ?? Object.values(error.fields)[0]
      if (text) problems[field] = words(text)
      else if (error.text) problems[field] = words(error.text)
      else more.failed?.(error)
      return false
    }
  }

  function save(field: string, value: unknown, base: unknown): Promise<boolean> {
    delete problems[field]
    const turn = line.then(async () => {
      saving.value = field
      try {
        return await send(field, value, base)
      } finally {
        saving.value = ''
      }
    })
    line = turn.catch(() => undefined)
    return turn
  }

  /** Chosen by a person who has seen both. */
  function keepMine(field: string): Promise<boolean> {
    const both = conflicts[field]
    if (!both) return Promise.resolve(true)
    delete conflicts[field]
    return save(field, both.mine, both.theirs)
  }

  function takeTheirs(field: string): void {
    delete conflicts[field]
    delete problems[field]
  }

  return { row, conflicts, problems, saving, told, save, keepMine, takeTheirs, fresh }
}
