/**
 * What was written on a telephone and is not with the server yet. It is kept on the telephone, with its photos, until the server has
 * all of it; everything carries an id that the telephone made, so that what is sent again after a lost answer is there once.
 */
import { ApiError } from '@/api/http'

export interface KeptPhoto {
  id: string
  content: Blob
}
export interface Kept<B = unknown> {
  id: string
  /** Whose it is: another who signs in on the same telephone does not send it in his name. */
  person: number
  lead: number
  name: string
  at: number
  body: B
  photos: KeptPhoto[]
  /** The server's id, once it has the words. */
  event: number | null
  /** Why the server refused it; it is not sent again by itself then. */
  problem: string
}
export interface Shelf<B = unknown> {
  all: () => Promise<Kept<B>[]>
  put: (entry: Kept<B>) => Promise<void>
  remove: (id: string) => Promise<void>
}
export interface Ways<B = unknown> {
  event: (entry: Kept<B>) => Promise<{ id: number }>
  photo: (entry: Kept<B>, photo: KeptPhoto, event: number) => Promise<unknown>
}

/** In memory: where the browser keeps nothing (private windows), and in tests. */
export function memoryShelf<B>(): Shelf<B> {
  const entries = new Map<string, Kept<B>>()
  return {
    all: async () => [...entries.values()],
    put: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
  }
}

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result)
    request.onerror = () => fail(request.error)
  })

/** In the browser's own database: survives a reload, a closed page, an empty battery. */
export async function keptShelf<B>(): Promise<Shelf<B>> {
  try {
    const open = indexedDB.open('dealerline-outbox', 1)
    open.onupgradeneeded = () => open.result.createObjectStore('kept', { keyPath: 'id' })
    const base = await asked(open)
    const store = (mode: IDBTransactionMode): IDBObjectStore => base.transaction('kept', mode).objectStore('kept')
    return {
      all: async () => (await asked(store('readonly').getAll())) as Kept<B>[],
      put: async (entry) => void (await asked(store('readwrite').put(entry))),
      remove: async (id) => void (await asked(store('readwrite').delete(id))),
    }
  } catch {
    return memoryShelf<B>()
  }
}

/** Not the entry's fault: no network, or the server has a bad moment. */
const passing = (failure: ApiError): boolean => failure.status === 0 || failure.status === 401 || failure.status >= 500 || failure.status === 429

export class Outbox<B = unknown> {
  private busy: Promise<void> | null = null
  private again = false

  constructor(
    private readonly shelf: Shelf<B>,
    private readonly ways: Ways<B>,
    private readonly person: number,
    private readonly changed: (entries: Kept<B>[]) => void,
    private readonly said: (failure: ApiError) => string,
  ) {}

  async list(): Promise<Kept<B>[]> {
    return (await this.shelf.all()).filter((entry) => entry.person === this.person).sort((a, b) => a.at - b.at)
  }

  async add(entry: Omit<Kept<B>, 'event' | 'problem' | 'person'>): Promise<void> {
    await this.shelf.put({ ...entry, person: this.person, event: null, problem: '' })
    await this.tell()
    await this.send()
  }

  async drop(id: string): Promise<void> {
    await this.shelf.remove(id)
    await this.tell()
  }

  /** Once more, though it was refused: what was in its way may be gone. */
  async retry(id: string): Promise<void> {
    const entry = (await this.list()).find((one) => one.id === id)
    if (entry) await this.shelf.put({ ...entry, problem: '' })
    await this.send()
  }

  /** Everything that waits, one after another; a call while it runs has it look once more at the end. */
  send(): Promise<void> {
    if (this.busy) {
      this.again = true
      return this.busy
    }
    this.busy = this.run().finally(() => (this.busy = null))
    return this.busy
  }

  private async run(): Promise<void> {
    do {
      this.again = false
      for (const entry of await this.list()) {
        if (entry.problem) continue
        if (!(await this.sendOne(entry))) return this.tell()
      }
    } while (this.again)
    await this.tell()
  }

  /** Whether to go on with the next. */
  private async sendOne(entry: Kept<B>): Promise<boolean> {
    try {
      const event = entry.event ?? (await this.ways.event(entry)).id
      await this.shelf.put({ ...entry, event })
      let left = entry.photos
      for (const photo of entry.photos) {
        await this.ways.photo(entry, photo, event)
        left = left.filter((one) => one.id !== photo.id)
        await this.shelf.put({ ...entry, event, photos: left })
      }
      await this.shelf.remove(entry.id)
      await this.tell()
      return true
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      if (passing(failure)) return false
      const now = (await this.list()).find((one) => one.id === entry.id) ?? entry
      await this.shelf.put({ ...now, problem: this.said(failure) })
      return true
    }
  }

  private async tell(): Promise<void> {
    this.changed(await this.list())
  }
}

const LONGEST_SIDE = 1600

/** A photo as small as it can be looked at: mobile networks are slow. What cannot be drawn goes as it is. */
export async function smaller(file: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    return await new Promise<Blob>((done) => canvas.toBlob((made) => done(made && (made.size < file.size || scale < 1) ? made : file), 'image/jpeg', 0.82))
  } catch {
    return file
  }
}
