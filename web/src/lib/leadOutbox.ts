import { onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { api, ApiError, ok, putFile } from '@/api/http'
import type { CustomerShort, HeldBy, Lead } from '@/api/types'
import { keptShelf, Outbox, refused, type Kept, type Shelf } from '@/lib/outbox'
import { within } from '@/lib/patience'
import { useSession } from '@/stores/session'

/** What happened with a lead. */
export interface EventBody {
  kind: string
  text: string
  at: string
  place: string
  latitude: number | null
  longitude: number | null
  car: string
  route: string
  licence: boolean
  people: number | null
  reached: boolean | null
  client_id: string
  next_step?: string
  next_at?: string | null
}

/** A new lead, of somebody new or of a customer of the files; what was typed of somebody new stays, should it be another after all. */
export interface NewBody {
  kind: 'lead'
  customer: number | null
  new_customer: { name: string; title: string; kind: 'person' | 'company'; phone: string; anyway: boolean } | null
  brand: number | null
  model: string
  intention: string
  need: string
  client_id: string
}
export type Body = EventBody | NewBody
export const isNew = (entry: Kept<Body>): entry is Kept<NewBody> => Boolean(entry.makes)

/** Who he may be, or who has him: what the server says of a new lead that comes late. */
export interface Offer {
  known?: { customer: { id: number; name: string; title: string }; number: string; by: 'phone' | 'name' }[]
  held?: HeldBy
  /** The lead it was written of lies in the pool. */
  pool?: boolean
}

const HALF_A_MINUTE = 30_000
const FOR_PHOTOS = 120_000
const AGREED = 120_000
/** When it happened, by the server's clock: a telephone's own may be wrong. */
export const atOf = (at: string, skew: number): string => (Math.abs(skew) > AGREED ? new Date(Date.parse(at) + skew).toISOString() : at)

/** A lead that waits to be sent, as the page shows leads. */
export function pendingLead(entry: Kept<NewBody>, me: number, brand: Lead['brand']): Lead {
  const { body } = entry
  const none = { call: null, closed_at: null, handed_from: null, handed_from_store: null, lost_reason: null, order: null, pooled_at: null, reacted_at: null, reaction_due: null, next_at: null, wants_by: null, budget_from: null, budget_to: null }
  const empty = { lost_note: '', origin_note: '', pool_reason: '', next_step: '', purpose: 'service', step_late: false, late: false, store: 0, version: 0 }
  const at = new Date(entry.at).toISOString()
  const customer = { seen: false, id: body.customer ?? 0, name: entry.name, title: body.new_customer?.title ?? '' }
  const stage = { id: 0, name: { zh: '', en: '' }, kind: 'open', brand: null, position: 0 }
  return { ...none, ...empty, id: 0, state: 'active', brand, customer, stage, number: body.new_customer?.phone ?? '', origin: 'other', model: body.model, need: body.need, intention: body.intention, owner: { id: me, name: '' }, created_at: at, handed_at: at, last_at: at }
}

/** Whoever sends must be who wrote: on one telephone another may have signed in meanwhile, in another tab. */
export function useLeadOutbox(me: number, inWords: (failure: ApiError) => string, shelf: Shelf<Body> = keptShelf<Body>()) {
  const session = useSession()
  const waiting = shallowRef<Kept<Body>[]>([])
  const made = shallowRef(new Map<string, number>())
  const fragile = ref(false)
  const signedOut = ref(false)
  const tabs = typeof BroadcastChannel === 'function' ? new BroadcastChannel('dealerline-outbox') : null
  const tell = <T>(done: T): T => (tabs?.postMessage('changed'), done)
  const told: Shelf<Body> = { ...shelf, put: (entry) => shelf.put(entry).then(tell), remove: (id) => shelf.remove(id).then(tell) }

  /** Whether he who opened the page is still he who is signed in. Another's page begins anew. */
  async function same(): Promise<boolean> {
    try {
      await session.load(true, within(HALF_A_MINUTE))
    } catch {
      return false
    }
    signedOut.value = !session.signedIn
    if (session.signedIn && session.person?.id !== me) location.reload()
    return session.person?.id === me
  }
  async function event(entry: Kept<Body>): Promise<{ id: number }> {
    if (isNew(entry)) {
      const { kind: _, new_customer, ...body } = entry.body
      return ok(api.POST('/api/leads', { body: { ...body, new_customer: body.customer === null ? new_customer : null, origin: 'other', origin_note: '', next_step: '', owner: me }, signal: within(HALF_A_MINUTE) }))
    }
    const post = (at: string | null) => ok(api.POST('/api/leads/{lead}/events', { params: { path: { lead: entry.lead } }, body: { ...entry.body, at } as never, signal: within(HALF_A_MINUTE) }))
    const { at } = entry.body as EventBody
    return post(atOf(at, session.skew)).catch((failure: unknown) => {
      if (failure instanceof ApiError && failure.fields.at && Date.now() - entry.at < 86_400_000) return post(null)
      throw failure
    })
  }
  const box = new Outbox<Body>(
    told,
    { ready: same, event, photo: (entry, photo, id) => putFile(`/api/leads/${entry.lead}/events/${id}/photos/${photo.id}`, photo.content, within(FOR_PHOTOS)) },
    me,
    (entries, leads) => {
      waiting.value = entries
      made.value = leads
      fragile.value = !shelf.lasting()
    },
    inWords,
  )
  if (tabs) tabs.onmessage = () => void box.look()
  const timer = setInterval(() => waiting.value.some((entry) => !refused(entry)) && void box.send(), 20_000)
  onMounted(() => void box.send())
  onBeforeUnmount(() => {
    clearInterval(timer)
    tabs?.close()
  })

  /** The id that a lead had on this telephone before it was sent; "" where it was not made here. */
  const keyOf = (lead: number): string => [...made.value].find(([, id]) => id === lead)?.[0] ?? ''
  /** How much of that lead waits. */
  const left = (lead: Lead): number => waiting.value.filter((entry) => !entry.makes && (entry.lead ? entry.lead === lead.id : made.value.get(entry.of ?? '') === lead.id)).length
  return { box, waiting, made, fragile, signedOut, same, keyOf, left }
}

/** A customer of the files instead of the new one. */
export const ofCustomer = (body: NewBody, customer: Pick<CustomerShort, 'id'>): NewBody => ({ ...body, customer: customer.id })
/** A new one all the same. */
export const anyway = (body: NewBody): NewBody => ({ ...body, new_customer: body.new_customer && { ...body.new_customer, anyway: true } })
