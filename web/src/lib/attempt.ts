/** What the banner of a call says while somebody is brought in: who is rung or consulted, who hears music, and what can be done. Pure. */
import { me, onMusic } from './parties'
import type { Attempt, CallView, Party } from './protocol'
import type { Action } from './shortcuts'

export interface Banner {
  /** A key of the catalogue under `attempt.`. */
  title: Attempt['state'] | 'swapped'
  values: { to: string }
  /** Whom one talks to and who hears music, by name; `''` is the customer, whose name the page knows better. */
  talks: string[]
  music: string[]
  since: number | null
  until: number | null
  ringing: boolean
  actions: Extract<Action, 'complete' | 'cancelAttempt' | 'swap' | 'threeWay'>[]
}

const ACTIONS: Record<Attempt['state'], Banner['actions']> = {
  asking: ['complete', 'threeWay', 'cancelAttempt'],
  consulting: ['complete', 'threeWay', 'swap', 'cancelAttempt'],
  inviting: ['complete', 'cancelAttempt'],
  transferring: [],
  returning: [],
  leading: [],
}

const nameOf = (party: Party): string => (party.role === 'customer' ? '' : party.name || party.number)

export function banner(call: CallView): Banner | null {
  const { attempt } = call
  if (!attempt || !(attempt.state in ACTIONS)) return null
  const target = call.parties.find((p) => p.id === attempt.party)
  const room = me(call)?.room
  const others = call.parties.filter((p) => !p.me && p.role !== 'lead' && p.state !== 'ringing')
  const ringing = attempt.state !== 'consulting'
  const mine = ['talking', 'held'].includes(call.phase)
  // After a swap it is the one consulted who hears music, and the customer who talks.
  const swapped = attempt.state === 'consulting' && target !== undefined && onMusic(target)
  return {
    title: swapped ? 'swapped' : attempt.state,
    values: { to: attempt.to },
    talks: mine ? others.filter((p) => !onMusic(p) && p.room === room).map(nameOf) : [],
    music: others.filter(onMusic).map(nameOf),
    since: target?.since ?? null,
    until: ringing ? attempt.until : null,
    ringing,
    actions: mine ? ACTIONS[attempt.state] : [],
  }
}
