/**
 * One call's record while it is being written. It lives outside of the form, so that switching tabs or pages loses nothing, and
 * saves itself as a draft a second after the last change. When the server is away the words wait in this browser and are sent
 * again; when somebody else has saved meanwhile both versions are shown and the person decides.
 */
import { reactive } from 'vue'
import { api, ApiError, ok } from '@/api/http'
import type { CallRecord } from '@/api/types'
import { everySecond } from './ticker'

export type SaveState = 'loading' | 'clean' | 'dirty' | 'saving' | 'saved' | 'waiting' | 'conflict' | 'refused'

export interface Fields {
  matter: number | null
  result: number | null
  notes: string
  follow_up_at: string | null
  follow_up_note: string
  customer: number | null
}

export interface Draft {
  call: string
  fields: Fields
  version: number
  finished: boolean
  state: SaveState
  savedAt: number | null
  theirs: CallRecord | null
  problem: ApiError | null
}

export const emptyFields = (): Fields => ({ matter: null, result: null, notes: '', follow_up_at: null, follow_up_note: '', customer: null })

export type Gap = 'matter' | 'result' | 'follow_up_at'

/** What a finished record still lacks; `follow`: its result obliges to a follow-up. */
export const missing = (fields: Fields, follow = false): Gap[] => ([...(['matter', 'result'] as const), ...(follow ? (['follow_up_at'] as const) : [])]).filter((name) => fields[name] === null)

const fieldsOf = (row: CallRecord): Fields => ({
  matter: row.matter, result: row.result, notes: row.notes, follow_up_at: row.follow_up_at, follow_up_note: row.follow_up_note, customer: row.customer,
})

const DELAY = 1
const RETRY = 5
const drafts = new Map<string, RecordDraft>()

export class RecordDraft {
  readonly draft: Draft
  private due = 0
  private changes = 0
  private running: Promise<void> | null = null

  constructor(
    call: string,
    /** Whose entry it is, when a lead corrects another's; else one's own. */
    private readonly author: number | null = null,
  ) {
    this.draft = reactive<Draft>({ call, fields: emptyFields(), version: 0, finished: false, state: 'loading', savedAt: null, theirs: null, problem: null })
    everySecond(() => this.tick())
    void this.load()
  }

  private get key(): string {
    return `dealerline.record.${this.draft.call}${this.author === null ? '' : `.${this.author}`}`
  }

  async load(): Promise<void> {
    const kept = localStorage.getItem(this.key)
    try {
      const row = await ok(api.GET('/api/calls/{call}/record', { params: { path: { call: this.draft.call }, query: { author: this.author } } }))
      if (row) this.adopt(row)
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 0 && error.status < 500)) throw error
    }
    if (this.draft.state === 'loading') this.draft.state = this.draft.version > 0 ? 'saved' : 'clean'
    if (kept) {
      const local = JSON.parse(kept) as { fields: Fields; version: number }
      Object.assign(this.draft.fields, local.fields)
      this.changed()
    }
  }

  /** The form calls this after every change. */
  changed(): void {
    this.changes += 1
    if (this.draft.state !== 'conflict') this.draft.state = 'dirty'
    this.due = Date.now() + DELAY * 1000
    localStorage.setItem(this.key, JSON.stringify({ fields: this.draft.fields, version: this.draft.version }))
  }

  /** Saves for good. Resolves to true once the server has it. */
  async finish(): Promise<boolean> {
    if (missing(this.draft.fields).length > 0) return false
    await this.running
    await this.send(false)
    return this.draft.state === 'saved'
  }

  /** The person decided: mine over theirs. */
  async keepMine(): Promise<void> {
    if (this.draft.theirs) this.draft.version = this.draft.theirs.version
    this.draft.theirs = null
    this.draft.state = 'dirty'
    await this.send(!this.draft.finished)
  }

  takeTheirs(): void {
    const theirs = this.draft.theirs
    this.draft.theirs = null
    if (!theirs) return
    this.adopt(theirs)
    this.draft.state = 'saved'
    localStorage.removeItem(this.key)
  }

  private adopt(row: CallRecord): void {
    this.draft.fields = fieldsOf(row)
    this.draft.version = row.version
    this.draft.finished = row.version > 0 && !row.draft
  }

  private tick(): void {
    if ((this.draft.state === 'dirty' || this.draft.state === 'waiting') && Date.now() >= this.due && !this.running) {
      this.running = this.send(!this.draft.finished).finally(() => (this.running = null))
    }
  }

  private async send(draft: boolean): Promise<void> {
    const { fields, version, call } = this.draft
    const at = this.changes
    this.draft.state = 'saving'
    this.draft.problem = null
    try {
      const row = await ok(api.PUT('/api/calls/{call}/record', { params: { path: { call } }, body: { ...fields, draft, version, author: this.author } }))
      this.draft.version = row.version
      this.draft.finished = !row.draft
      this.draft.savedAt = Date.now() / 1000
      if (this.changes === at) {
        this.draft.state = 'saved'
        localStorage.removeItem(this.key)
      } else this.draft.state = 'dirty'
    } catch (error) {
      this.failed(error)
    }
  }

  private failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    this.draft.problem = error
    if (error.status === 409) {
      this.draft.theirs = theirRow(error.body)
      this.draft.state = 'conflict'
    } else if (error.status >= 400 && error.status < 500) {
      this.draft.state = 'refused'
    } else {
      this.draft.state = 'waiting'
      this.due = Date.now() + RETRY * 1000
    }
  }
}

function theirRow(body: Record<string, unknown>): CallRecord | null {
  const row = body.current
  return row && typeof row === 'object' ? (row as CallRecord) : null
}

export function recordOf(call: string, author: number | null = null): RecordDraft {
  const key = `${call}/${author ?? ''}`
  let record = drafts.get(key)
  if (!record) drafts.set(key, (record = new RecordDraft(call, author)))
  return record
}
