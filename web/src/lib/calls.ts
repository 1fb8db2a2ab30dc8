/** What the desk knows of its calls. Pure: messages in, a new map out; an older `rev` never overwrites a newer one. */
import type { CallView } from './protocol'

/** A switch of before conversations of many (during an update) leaves these out. */
const PLAIN = { me: '', my_role: 'agent', host: false, locked: false, offer: null, attempt: null, supervised: false, hand: false } as const

export const whole = (call: CallView): CallView => ({ ...PLAIN, ...call, parties: call.parties ?? [] })

export interface CallBook {
  calls: Record<string, CallView>
  /** rev at which a call went away, so that a late repetition does not bring it back. */
  gone: Record<string, number>
}

export const emptyBook = (): CallBook => ({ calls: {}, gone: {} })

export function withCall(book: CallBook, call: CallView): CallBook {
  const known = book.calls[call.id]
  if (known && known.rev >= call.rev) return book
  if ((book.gone[call.id] ?? -1) >= call.rev) return book
  return { calls: { ...book.calls, [call.id]: whole(call) }, gone: book.gone }
}

export function withoutCall(book: CallBook, id: string, rev: number): CallBook {
  const known = book.calls[id]
  if (known && known.rev > rev) return book
  const calls = { ...book.calls }
  delete calls[id]
  return { calls, gone: { ...book.gone, [id]: Math.max(rev, book.gone[id] ?? -1) } }
}

/** The whole truth at connection: what the switch no longer names is gone. */
export function fromWelcome(list: CallView[]): CallBook {
  return { calls: Object.fromEntries(list.map((call) => [call.id, whole(call)])), gone: {} }
}

const ORDER: Record<CallView['phase'], number> = { talking: 0, held: 1, reconnecting: 2, supervising: 2, offered: 3, dialling: 4, parked: 5, test: 6, wrap: 7 }

export function inOrder(book: CallBook): CallView[] {
  return Object.values(book.calls).sort((a, b) => ORDER[a.phase] - ORDER[b.phase] || a.arrived - b.arrived)
}

/** A call one has besides, or one that ended while others went on: its card is small. */
export const isSmall = (call: CallView): boolean => call.phase === 'parked' || (call.phase === 'wrap' && call.wrap_until === null)
