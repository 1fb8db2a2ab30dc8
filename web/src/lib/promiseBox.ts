/**
 * Promises that were made on this page and are not yet in the records. The page shows them at once; they wait in this browser and are
 * told again until the server has them, under the same id, so that telling twice makes one. What the server refuses stays to be mended.
 */
import { reactive } from 'vue'
import { ApiError } from '@/api/http'
import type { PromiseIn, PromiseRow } from '@/api/types'

export interface Kept {
  body: PromiseIn
  state: 'sending' | 'waiting' | 'refused'
  problem: ApiError | null
}

const RETRY = 5_000

export class PromiseBox {
  readonly kept = reactive<Kept[]>([])
  private due = 0
  private readonly running = new Set<string>()

  constructor(
    private readonly send: (body: PromiseIn) => Promise<PromiseRow>,
    private readonly key: string,
    private readonly onSaved: (row: PromiseRow) => void,
  ) {
    for (const body of JSON.parse(localStorage.getItem(key) ?? '[]') as PromiseIn[]) this.kept.push({ body, state: 'waiting', problem: null })
  }

  async add(body: PromiseIn): Promise<void> {
    this.drop(body.id)
    this.kept.push({ body, state: 'sending', problem: null })
    this.store()
    await this.tell(body.id)
  }

  /** Every second: what waits is told again when it is time. */
  async tick(now = Date.now()): Promise<void> {
    if (now < this.due) return
    await Promise.all(this.kept.filter((k) => k.state === 'waiting').map((k) => this.tell(k.body.id, now)))
  }

  /** Taken back before the server had it. */
  drop(id: string): void {
    const index = this.kept.findIndex((k) => k.body.id === id)
    if (index >= 0) this.kept.splice(index, 1)
    this.store()
  }

  private async tell(id: string, now = Date.now()): Promise<void> {
    const one = this.kept.find((k) => k.body.id === id)
    if (!one || this.running.has(id)) return
    this.running.add(id)
    one.state = 'sending'
    try {
      const row = await this.send({ ...one.body })
      this.drop(id)
      this.onSaved(row)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const refused = error.status >= 400 && error.status < 500 && error.status !== 401
      one.state = refused ? 'refused' : 'waiting'
      one.problem = error
      this.due = now + RETRY
    } finally {
      this.running.delete(id)
    }
  }

  private store(): void {
    localStorage.setItem(this.key, JSON.stringify(this.kept.map((k) => k.body)))
  }
}
