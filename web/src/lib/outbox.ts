/**
 * What was written on a telephone and is not with the server yet. It is kept on the telephone, with its photos, until the server has
 * all of it; everything carries an id that the telephone made, so that what is sent again after a lost answer is there once.
 */
import { ApiError } from '@/api/http'

export interface KeptPhoto {
  id: string
  content: Blob
  /** Why the server refused just this one. */
  problem?: string
}
export interface Kept<B = unknown> {
  id: string
  /** Whose it is: another who signs in on the same telephone does not send it in his name. */
  person: number
  /** 0: the lead is itself not with the server yet; `of` says which. */
  lead: number
  /** The entry that makes its lead, where that was made on this telephone. */
  of?: string
  /** It makes a lead. Once the server has it, a husk stays that knows the lead's id, for what is written of it. */
  makes?: boolean
  name: string
  at: number
  body: B
  photos: KeptPhoto[]
  /** The server's id, once it has the words: of what happened, or of the lead that was made. */
  event: number | null
  /** Why the server refused it; it is not sent again by itself then. */
  problem: string
  /** The refusal's code, and what else the server said: who it may be, who has it. */
  code?: string
  offer?: Record<string, unknown>
}
/** What is to be kept; the rest is the outbox's. */
export type Fresh<B> = Omit<Kept<B>, 'event' | 'problem' | 'person' | 'code' | 'offer'>
export interface Shelf<B = unknown> {
  /** Whether what is on it outlives the page. */
  lasting: () => boolean
  all: () => Promise<Kept<B>[]>
  put: (entry: Kept<B>) => Promise<void>
  remove: (id: string) => Promise<void>
}
export interface Ways<B = unknown> {
  /** Whether one may send at all now: the network is there, and whose entries these are is signed in. */
  ready?: () => Promise<boolean>
  event: (entry: Kept<B>) => Promise<{ id: number }>
  photo: (entry: Kept<B>, photo: KeptPhoto, event: number) => Promise<unknown>
}

/** A lead that was made here and is with the server: only its id is left. */
const husk = (entry: Kept): boolean => Boolean(entry.makes) && entry.event !== null

/** In memory: where the browser keeps nothing (private windows), and in tests. */
export function memoryShelf<B>(): Shelf<B> {
  const entries = new Map<string, Kept<B>>()
  return {
    lasting: () => [...entries.values()].every(husk),
    all: async () => [...entries.values()],
    put: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
  }
}

/** What the first shelf does not take (no room, private window, connection lost) stands on the second: nothing is lost while the page is open. */
export function sturdyShelf<B>(first: Shelf<B>, second: Shelf<B> = memoryShelf<B>()): Shelf<B> {
  let readable = true
  return {
    lasting: () => readable && second.lasting(),
    all: async () => {
      const beside = await second.all()
      const kept = await first.all().then(
        (found) => ((readable = true), found),
        () => ((readable = false), []),
      )
      return [...kept.filter((entry) => !beside.some((one) => one.id === entry.id)), ...beside]
    },
    put: (entry) => first.put(entry).then(() => second.remove(entry.id), () => second.put(entry)),
    remove: async (id) => {
      await second.remove(id)
      await first.remove(id).catch(() => undefined)
    },
  }
}

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result)
    request.onerror = () => fail(request.error)
  })

/** A table of the browser's own database: survives a reload, a closed page, an empty battery. Opened anew each time: telephones lose connections. */
function table(name: 'kept' | 'drafts'): <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) => Promise<T> {
  return async (mode, act) => {
    const open = indexedDB.open('dealerline-outbox', 2)
    open.onupgradeneeded = () => {
      const there = open.result.objectStoreNames
      if (!there.contains('kept')) open.result.createObjectStore('kept', { keyPath: 'id' })
      if (!there.contains('drafts')) open.result.createObjectStore('drafts')
    }
    const base = await asked(open)
    try {
      const deal = base.transaction(name, mode)
      const written = new Promise<void>((done, fail) => {
        deal.oncomplete = () => done()
        deal.onabort = deal.onerror = () => fail(deal.error)
      })
      const [answer] = await Promise.all([asked(act(deal.objectStore(name))), written])
      return answer
    } finally {
      base.close()
    }
  }
}

export function keptShelf<B>(): Shelf<B> {
  const kept = table('kept')
  return sturdyShelf<B>({
    lasting: () => true,
    all: () => kept('readonly', (store) => store.getAll() as IDBRequest<Kept<B>[]>),
    put: async (entry) => void (await kept('readwrite', (store) => store.put(entry))),
    remove: async (id) => void (await kept('readwrite', (store) => store.delete(id))),
  })
}

/** Photos that were taken for what is not saved yet. `write` says whether the telephone keeps them; if not, they stand on the page as before. */
export const draftPhotos = {
  read: (key: string): Promise<KeptPhoto[]> => table('drafts')('readonly', (store) => store.get(key) as IDBRequest<KeptPhoto[] | undefined>).then((found) => found ?? [], () => []),
  write: (key: string, photos: KeptPhoto[]): Promise<boolean> => table('drafts')('readwrite', (store) => (photos.length ? store.put(photos, key) : store.delete(key)) as IDBRequest<unknown>).then(() => true, () => false),
}

/** Not the entry's fault: no network, or the server has a bad moment. */
const passing = (failure: ApiError): boolean => failure.status === 0 || failure.status === 401 || failure.status >= 500 || failure.status === 429 || failure.code === 'csrf'

const HUSKS_LAST = 30 * 86_400_000

/** One tab at a time sends, where the browser can tell tabs of each other. */
const alone = async (work: () => Promise<void>): Promise<void> => void (await (navigator.locks ? navigator.locks.request('dealerline-outbox', work) : work()))

/** It waits for the person, not for the network: the words were refused, or every photo that is left was. */
export const refused = (entry: Kept): boolean => Boolean(entry.problem) || (entry.event !== null && entry.photos.length > 0 && entry.photos.every((photo) => photo.problem))

/** As if nothing had been said of it. */
function without<B>({ code: _, offer: __, ...entry }: Kept<B>): Kept<B> {
  return { ...entry, problem: '' }
}
/** What is left of a lead's entry once the lead is there: nothing of the customer. */
const hollow = <B>(entry: Kept<B>, lead: number): Kept<B> => ({ ...without(entry), event: lead, at: Date.now(), name: '', body: {} as B, photos: [] })

export class Outbox<B = unknown> {
  private busy: Promise<void> | null = null
  private again = false

  constructor(
    private readonly shelf: Shelf<B>,
    private readonly ways: Ways<B>,
    private readonly person: number,
    private readonly changed: (entries: Kept<B>[], made: Map<string, number>) => void,
    private readonly said: (failure: ApiError) => string,
  ) {}

  private async mine(): Promise<Kept<B>[]> {
    return (await this.shelf.all()).filter((entry) => entry.person === this.person)
  }

  /** What waits: new leads first, for what was written of them needs them. */
  async list(): Promise<Kept<B>[]> {
    return (await this.mine()).filter((entry) => !husk(entry)).sort((a, b) => Number(Boolean(b.makes)) - Number(Boolean(a.makes)) || a.at - b.at)
  }

  /** The leads that were made here and are with the server: the entry's id, the lead's. */
  async made(): Promise<Map<string, number>> {
    return new Map((await this.mine()).filter(husk).map((entry) => [entry.id, entry.event!]))
  }

  private async find(id: string): Promise<Kept<B> | undefined> {
    return (await this.mine()).find((one) => one.id === id)
  }

  /** On the telephone; not sent yet. What the server has already is not written over. */
  async keep(entry: Fresh<B>): Promise<void> {
    const there = await this.find(entry.id)
    if (!there || there.event === null) await this.shelf.put({ ...entry, person: this.person, event: null, problem: '' })
    await this.tell()
  }

  async add(entry: Fresh<B>): Promise<void> {
    await this.keep(entry)
    await this.send()
  }

  /** Away with it, and with what was written of the lead that it would have made. */
  async drop(id: string): Promise<void> {
    for (const entry of await this.mine()) if (entry.id === id || entry.of === id) await this.shelf.remove(entry.id)
    await this.tell()
  }

  /** Without that photo, which the server does not take; the rest of the entry stays. */
  async dropPhoto(id: string, photo: string): Promise<void> {
    const entry = await this.find(id)
    if (entry) await this.shelf.put({ ...entry, photos: entry.photos.filter((one) => one.id !== photo) })
    await this.send()
  }

  /** Once more, though it was refused: what was in its way may be gone, or is answered by other words. */
  async retry(id: string, body?: B): Promise<void> {
    const entry = await this.find(id)
    if (entry) await this.shelf.put({ ...without(entry), body: body ?? entry.body, photos: entry.photos.map(({ id: photo, content }) => ({ id: photo, content })) })
    await this.send()
  }

  /** The lead that it would have made is there already: what was written of it goes there. */
  async settle(id: string, lead: number): Promise<void> {
    const entry = await this.find(id)
    if (entry) await this.shelf.put(hollow(entry, lead))
    await this.send()
  }

  /** Everything that waits, one after another; a call while it runs has it look once more at the end. */
  send(): Promise<void> {
    if (this.busy) {
      this.again = true
      return this.busy
    }
    this.busy = alone(() => this.run()).finally(() => (this.busy = null))
    return this.busy
  }

  private async run(): Promise<void> {
    do {
      this.again = false
      const waiting = (await this.list()).filter((entry) => !refused(entry))
      if (!waiting.length || (this.ways.ready && !(await this.ways.ready()))) break
      for (const entry of waiting) if (!(await this.sendOne(entry))) return this.tell()
    } while (this.again)
    for (const entry of await this.mine()) if (husk(entry) && Date.now() - entry.at > HUSKS_LAST) await this.shelf.remove(entry.id)
    await this.tell()
  }

  /** The lead that it is written of; null while that waits here itself. */
  private async leadOf(entry: Kept<B>): Promise<number | null> {
    if (entry.lead || !entry.of) return entry.lead
    const lead = await this.find(entry.of)
    if (!lead) throw new ApiError(410, 'orphan', null)
    return lead.event
  }

  /** Changed as it stands now: what was thrown away meanwhile stays away. */
  private async change(id: string, changes: (now: Kept<B>) => Partial<Kept<B>>): Promise<Kept<B> | undefined> {
    const now = await this.find(id)
    if (!now) return undefined
    const then = { ...now, ...changes(now) }
    await this.shelf.put(then)
    return then
  }

  /** Whether to go on with the next. */
  private async sendOne(entry: Kept<B>): Promise<boolean> {
    try {
      const lead = await this.leadOf(entry)
      if (lead === null) return true
      if (lead !== entry.lead) await this.change(entry.id, () => ({ lead }))
      let now: Kept<B> | undefined = { ...entry, lead }
      if (now.event === null) {
        const { id } = await this.ways.event(now)
        now = await this.change(entry.id, (here) => (here.makes ? hollow(here, id) : { event: id }))
      }
      for (const photo of now?.makes ? [] : (now?.photos ?? [])) if (!photo.problem) await this.sendPhoto({ ...now!, lead }, photo)
      now = await this.find(entry.id)
      if (now && !now.makes && !now.photos.length) await this.shelf.remove(entry.id)
      await this.tell()
      return true
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      if (passing(failure)) return false
      await this.change(entry.id, () => ({ problem: this.said(failure), code: failure.code, offer: failure.body }))
      return true
    }
  }

  /** Sent, it is gone from the entry; refused, it stays with the reason and the others go on. */
  private async sendPhoto(entry: Kept<B>, photo: KeptPhoto): Promise<void> {
    let problem: string | null = null
    try {
      await this.ways.photo(entry, photo, entry.event!)
    } catch (failure) {
      if (!(failure instanceof ApiError) || passing(failure)) throw failure
      problem = this.said(failure)
    }
    await this.change(entry.id, ({ photos }) => ({ photos: problem === null ? photos.filter((one) => one.id !== photo.id) : photos.map((one) => (one.id === photo.id ? { ...one, problem } : one)) }))
  }

  /** Another tab changed something. */
  async look(): Promise<void> {
    await this.tell()
  }

  private async tell(): Promise<void> {
    this.changed(await this.list(), await this.made())
  }
}
