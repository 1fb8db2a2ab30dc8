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
  /** Whether what is on it outlives the page. */
  lasting: () => boolean
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
    lasting: () => entries.size === 0,
    all: async () => [...entries.values()],
    put: async (entry) => void entries.set(entry.id, entry),
    remove: async (id) => void entries.delete(id),
  }
}

/** What the first shelf does not take (no room, private window, connection lost) stands on the second: nothing is lost while the page is open. */
export function sturdyShelf<B>(first: Shelf<B>, second: Shelf<B> = memoryShelf<B>()): Shelf<B> {
  return {
    lasting: () => second.lasting(),
    all: async () => {
      const beside = await second.all()
      const kept = await first.all().catch(() => [])
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

/** Photos that were taken for what is not saved yet. A draft that cannot be kept stands on the page as before. */
export const draftPhotos = {
  read: (key: string): Promise<KeptPhoto[]> => table('drafts')('readonly', (store) => store.get(key) as IDBRequest<KeptPhoto[] | undefined>).then((found) => found ?? [], () => []),
  write: (key: string, photos: KeptPhoto[]): Promise<void> => table('drafts')('readwrite', (store) => (photos.length ? store.put(photos, key) : store.delete(key)) as IDBRequest<unknown>).then(() => undefined, () => undefined),
}

/** Not the entry's fault: no network, or the server has a bad moment. */
const passing = (failure: ApiError): boolean => failure.status === 0 || failure.status === 401 || failure.status >= 500 || failure.status === 429

/** It waits for the person, not for the network: the words were refused, or every photo that is left was. */
export const refused = (entry: Kept): boolean => Boolean(entry.problem) || (entry.event !== null && entry.photos.length > 0 && entry.photos.every((photo) => photo.problem))

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

  /** On the telephone; not sent yet. */
  async keep(entry: Omit<Kept<B>, 'event' | 'problem' | 'person'>): Promise<void> {
    await this.shelf.put({ ...entry, person: this.person, event: null, problem: '' })
    await this.tell()
  }

  async add(entry: Omit<Kept<B>, 'event' | 'problem' | 'person'>): Promise<void> {
    await this.keep(entry)
    await this.send()
  }

  async drop(id: string): Promise<void> {
    await this.shelf.remove(id)
    await this.tell()
  }

  /** Without that photo, which the server does not take; the rest of the entry stays. */
  async dropPhoto(id: string, photo: string): Promise<void> {
    const entry = (await this.list()).find((one) => one.id === id)
    if (entry) await this.shelf.put({ ...entry, photos: entry.photos.filter((one) => one.id !== photo) })
    await this.send()
  }

  /** Once more, though it was refused: what was in its way may be gone. */
  async retry(id: string): Promise<void> {
    const entry = (await this.list()).find((one) => one.id === id)
    if (entry) await this.shelf.put({ ...entry, problem: '', photos: entry.photos.map(({ id: photo, content }) => ({ id: photo, content })) })
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
        if (refused(entry)) continue
        if (!(await this.sendOne(entry))) return this.tell()
      }
    } while (this.again)
    await this.tell()
  }

  /** Whether to go on with the next. */
  private async sendOne(entry: Kept<B>): Promise<boolean> {
    let now = entry
    const keep = (changes: Partial<Kept<B>>): Promise<void> => this.shelf.put((now = { ...now, ...changes }))
    try {
      if (now.event === null) await keep({ event: (await this.ways.event(now)).id })
      for (const photo of entry.photos) {
        if (!photo.problem) await keep({ photos: await this.without(now, photo) })
      }
      if (!now.photos.length) await this.shelf.remove(now.id)
      await this.tell()
      return true
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      if (passing(failure)) return false
      await keep({ problem: this.said(failure) })
      return true
    }
  }

  /** The photos that are left once this one was sent; refused, it stays with the reason and the others go on. */
  private async without(entry: Kept<B>, photo: KeptPhoto): Promise<KeptPhoto[]> {
    try {
      await this.ways.photo(entry, photo, entry.event!)
      return entry.photos.filter((one) => one.id !== photo.id)
    } catch (failure) {
      if (!(failure instanceof ApiError) || passing(failure)) throw failure
      return entry.photos.map((one) => (one.id === photo.id ? { ...one, problem: this.said(failure) } : one))
    }
  }

  private async tell(): Promise<void> {
    this.changed(await this.list())
  }
}

const LONGEST_SIDE = 1600
const LARGEST = 8 * 1024 * 1024
/** What the server takes as it is. */
const KNOWN = ['image/jpeg', 'image/png', 'image/webp']

/** Turned as it was taken. Raises when it is nothing that this browser can draw. */
async function drawn(file: Blob): Promise<ImageBitmap | HTMLImageElement> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    const picture = new Image()
    picture.src = URL.createObjectURL(file)
    await picture.decode().finally(() => URL.revokeObjectURL(picture.src))
    return picture
  }
}

/** A photo as small as it can be looked at (mobile networks are slow), without what the camera wrote beside it; or what is wrong with the file. */
export async function smaller(file: Blob): Promise<Blob | 'notAPhoto' | 'tooBig'> {
  let picture: ImageBitmap | HTMLImageElement
  try {
    picture = await drawn(file)
  } catch {
    return 'notAPhoto'
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  if ('close' in picture) picture.close()
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.82))
  const best = made && (made.size < file.size || scale < 1 || !KNOWN.includes(file.type)) ? made : file
  return best.size > LARGEST ? 'tooBig' : best
}
