import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/http'
import { memoryShelf, Outbox, refused, sturdyShelf, type Kept } from '@/lib/outbox'
import { usePlace } from '@/lib/usePlace'

/** A server that writes each id once, and a network that fails before or after it has heard. */
function world(person = 1) {
  const events = new Map<string, number>()
  const photos = new Set<string>()
  const failing: ('before' | 'after' | number)[] = []
  const shelf = memoryShelf<string>()
  let seen: Kept<string>[] = []
  const heard = <T>(write: () => T): T => {
    const how = failing.shift()
    if (how === 'before') throw new ApiError(0, 'offline', null)
    if (typeof how === 'number') throw new ApiError(how, 'refused', { zh: '不行', en: 'No' })
    const answer = write()
    if (how === 'after') throw new ApiError(0, 'offline', null)
    return answer
  }
  const ways = {
    event: async (entry: Kept<string>) => heard(() => ({ id: events.get(entry.id) ?? (events.set(entry.id, events.size + 1), events.size) })),
    photo: async (_: Kept<string>, photo: { id: string }) => heard(() => photos.add(photo.id)),
  }
  const box = (who = person) => new Outbox<string>(shelf, ways, who, (now) => (seen = now), (failure) => failure.text?.en ?? failure.code)
  const entry = (id: string, count = 0) => ({ id, lead: 7, name: '张三', at: Number(id), body: 'visit', photos: Array.from({ length: count }, (_, n) => ({ id: `${id}-${n}`, content: new Blob(['x']) })) })
  return { events, photos, failing, box, entry, seen: () => seen }
}

describe('what was written on a telephone', () => {
  it('is with the server once, however often its answer was lost', async () => {
    const { events, photos, failing, box, entry, seen } = world()
    const out = box()
    failing.push('before')
    await out.add(entry('1', 2))
    expect(seen()).toHaveLength(1)
    failing.push('after')
    await out.send()
    expect([events.size, photos.size]).toEqual([1, 0])
    failing.push(undefined as never, 'after')
    await out.send()
    expect([events.size, photos.size]).toEqual([1, 1])
    await out.send()
    expect([events.size, photos.size, seen().length]).toEqual([1, 2, 0])
  })

  it('survives a reload in the middle and goes on where it was', async () => {
    const { events, photos, failing, box, entry } = world()
    failing.push(undefined as never, undefined as never, 'before')
    await box().add(entry('1', 2))
    expect([events.size, photos.size]).toEqual([1, 1])
    await box().send()
    expect([events.size, photos.size]).toEqual([1, 2])
  })

  it('says why it was refused, is kept, does not hold up the others, and can be tried again or thrown away', async () => {
    const { events, failing, box, entry, seen } = world()
    const out = box()
    failing.push(409)
    await out.add(entry('1'))
    await out.add(entry('2'))
    expect(seen().map((one) => [one.id, one.problem])).toEqual([['1', 'No']])
    await out.send()
    expect(events.size).toBe(1)
    await out.retry('1')
    expect([events.size, seen().length]).toEqual([2, 0])
    failing.push(409)
    await out.add(entry('3'))
    await out.drop('3')
    expect(seen()).toEqual([])
  })

  it('is not sent in the name of another who signs in on the same telephone', async () => {
    const { events, failing, box, entry } = world()
    failing.push('before')
    await box(1).add(entry('1'))
    await box(2).send()
    expect(events.size).toBe(0)
    await box(1).send()
    expect(events.size).toBe(1)
  })

  it('is sent one at a time, however many ask for it at once', async () => {
    const { events, box, entry } = world()
    const out = box()
    await Promise.all([out.add(entry('1')), out.add(entry('2')), out.send(), out.send()])
    await out.send()
    expect(events.size).toBe(2)
  })
})

describe('what the telephone or the server does not take', () => {
  it('is a photo that was refused: it stays with the reason, the words and the other photos go', async () => {
    const { events, photos, failing, box, entry, seen } = world()
    const out = box()
    failing.push(undefined as never, 415)
    await out.add(entry('1', 2))
    expect([events.size, [...photos]]).toEqual([1, ['1-1']])
    expect(seen()[0]!.photos.map((photo) => [photo.id, photo.problem])).toEqual([['1-0', 'No']])
    expect(refused(seen()[0]!)).toBe(true)
    await out.send()
    expect(seen()).toHaveLength(1)
    await out.dropPhoto('1', '1-0')
    expect([events.size, seen().length]).toEqual([1, 0])
  })

  it('stands on the page where the telephone keeps nothing, says so, and is sent all the same', async () => {
    const full = { ...memoryShelf<string>(), put: () => Promise.reject(new DOMException('full', 'QuotaExceededError')) }
    const shelf = sturdyShelf<string>(full)
    let net = false
    const sent: string[] = []
    const ways = { event: async (entry: Kept<string>) => (net ? { id: sent.push(entry.id) } : Promise.reject(new ApiError(0, 'offline', null))), photo: async () => undefined }
    const out = new Outbox<string>(shelf, ways, 1, () => undefined, () => '')
    expect(shelf.lasting()).toBe(true)
    await out.add({ id: '1', lead: 7, name: '张三', at: 1, body: 'visit', photos: [] })
    expect([shelf.lasting(), (await out.list()).length]).toEqual([false, 1])
    net = true
    await out.send()
    expect([sent, shelf.lasting(), (await out.list()).length]).toEqual([['1'], true, 0])
  })

  it('is a position: without HTTPS nobody is asked, refused and not found are told apart', () => {
    const at = (secure: boolean, code?: number) => {
      const geolocation = { getCurrentPosition: (found: PositionCallback, failed: PositionErrorCallback) => (code ? failed({ code } as GeolocationPositionError) : found({ coords: { latitude: 31.2, longitude: 121.4 } } as GeolocationPosition)) } as Geolocation
      const place = usePlace({ secure: () => secure, geolocation: () => geolocation })
      place.locate()
      return place.where
    }
    expect([at(false).trouble, at(true, 1).trouble, at(true, 3).trouble]).toEqual(['insecure', 'refused', 'notFound'])
    expect(at(true)).toMatchObject({ trouble: '', asking: false, latitude: 31.2, longitude: 121.4 })
  })
})
