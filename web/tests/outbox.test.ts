import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/http'
import { atOf } from '@/lib/leadOutbox'
import { memoryShelf, Outbox, refused, sturdyShelf, type Kept } from '@/lib/outbox'
import { usePlace } from '@/lib/usePlace'

/** A server that writes each id once, and a network that fails before or after it has heard. */
function world(person = 1) {
  const events = new Map<string, number>()
  const photos = new Set<string>()
  const leads: number[] = []
  const failing: ('before' | 'after' | number)[] = []
  const who = { signedIn: person }
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
    event: async (entry: Kept<string>) => heard(() => (entry.makes || leads.push(entry.lead), { id: events.get(entry.id) ?? (events.set(entry.id, events.size + 1), events.size) })),
    photo: async (_: Kept<string>, photo: { id: string }) => heard(() => photos.add(photo.id)),
  }
  const box = (whose = person) => new Outbox<string>(shelf, { ...ways, ready: async () => who.signedIn === whose }, whose, (now) => (seen = now), (failure) => failure.text?.en ?? failure.code)
  const entry = (id: string, count = 0) => ({ id, lead: 7, name: '张三', at: Number(id), body: 'visit', photos: Array.from({ length: count }, (_, n) => ({ id: `${id}-${n}`, content: new Blob(['x']) })) })
  const fresh = (id: string) => ({ ...entry(id), lead: 0, makes: true })
  return { events, photos, leads, failing, box, entry, fresh, who, shelf, seen: () => seen }
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
    const { events, failing, box, entry, who } = world()
    failing.push('before')
    await box(1).add(entry('1'))
    await box(2).send()
    expect(events.size).toBe(0)
    who.signedIn = 2
    await box(1).send() // a tab of the first, still open
    expect(events.size).toBe(0)
    who.signedIn = 1
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

describe('a lead made outside', () => {
  it('goes first, whatever the clock said, and what was written of it follows it there, also what is written afterwards', async () => {
    const { events, photos, leads, failing, box, entry, fresh, shelf, seen } = world()
    const out = box()
    failing.push('before', 'before', 'after')
    await out.add(fresh('5'))
    await out.add(entry('1')) // another matter
    await out.add({ ...entry('0', 1), lead: 0, of: '5' })
    expect(seen().map((one) => one.id)).toEqual(['5', '0', '1'])
    await out.send()
    expect([[...events.keys()], leads, photos.size, seen().length]).toEqual([['5', '0', '1'], [1, 7], 1, 0])
    await out.add({ ...entry('8'), lead: 0, of: '5' }) // by a page that has not heard yet
    expect([leads.at(-1), (await out.made()).get('5')]).toEqual([1, 1])
    expect(JSON.stringify(await shelf.all())).not.toContain('张三')
  })

  it('that was refused holds up what was written of it and nothing else, until it is answered or thrown away with it', async () => {
    const { leads, failing, box, entry, fresh, seen } = world()
    const out = box()
    failing.push(409)
    await out.add(fresh('5'))
    await out.add({ ...entry('6'), lead: 0, of: '5' })
    await out.add(entry('7'))
    expect([leads, seen().map((one) => [one.id, one.problem, one.code])]).toEqual([[7], [['5', 'No', 'refused'], ['6', '', undefined]]])
    await out.settle('5', 33) // there was one already
    expect([leads, seen()]).toEqual([[7, 33], []])
    failing.push(409)
    await out.add(fresh('8'))
    await out.add({ ...entry('9'), lead: 0, of: '8' })
    await out.drop('8')
    expect(seen()).toEqual([])
    await out.add({ ...entry('10'), lead: 0, of: '8' })
    expect(seen().map((one) => one.code)).toEqual(['orphan'])
  })

  it('is not made anew by a second tab that saves the same draft once it is sent', async () => {
    const { events, box, fresh, seen } = world()
    await box().add(fresh('5'))
    await box().add({ ...fresh('5'), body: 'typed on' })
    expect([events.size, seen()]).toEqual([1, []])
  })
})

describe('the clock of a telephone', () => {
  it('that is wrong by hours is put right by the server’s, one that is nearly right is believed', () => {
    expect([atOf('2026-11-29T08:00:00.000Z', 3_600_000), atOf('2026-11-29T08:00:00.000Z', -3000)]).toEqual(['2026-11-29T09:00:00.000Z', '2026-11-29T08:00:00.000Z'])
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
