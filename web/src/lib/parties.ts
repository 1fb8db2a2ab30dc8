/**
 * Who is in a call, in which room, and who hears whom. Pure. The switch decides all of it (domain/conversation is the rule);
 * here is only what the page needs to show it, and to say before asking what cannot be done.
 */
import type { CallView, Loudness, Party, Way } from './protocol'

export const MAIN = 'main'

export interface Room {
  id: string
  /** 0 is the main room; side rooms are counted from 1 as they stand. */
  number: number
  mine: boolean
  parties: Party[]
}

const ROLE_ORDER: Record<Party['role'], number> = { customer: 0, agent: 1, outside: 2, lead: 3 }

export const me = (call: CallView): Party | undefined => call.parties.find((p) => p.me)
export const customer = (call: CallView): Party | undefined => call.parties.find((p) => p.role === 'customer')
/** Hears music, whoever sent him there. */
export const onMusic = (party: Party): boolean => ['held', 'waiting', 'alone'].includes(party.state)
/** A lead who hears all and is heard by nobody, or by one. */
export const inBooth = (party: Party): boolean => party.state === 'listening' || party.state === 'whispering'
export const sideRooms = (call: CallView): string[] => [...new Set(call.parties.map((p) => p.room))].filter((room) => room !== MAIN).sort()

/** How loud a side room hears the main one; who is in it may change it, and so may the host. */
export const loudness = (call: CallView, room: string): Loudness => call.main_heard?.[room] ?? 'normal'
export const mayTurn = (call: CallView, room: string): boolean => room !== MAIN && (call.host || me(call)?.room === room)

/** The main room first, then the side rooms. */
export function rooms(call: CallView): Room[] {
  const own = me(call)?.room
  return [MAIN, ...sideRooms(call)].map((id, number) => ({
    id, number, mine: id === own,
    parties: call.parties.filter((p) => p.room === id).sort((a, b) => ROLE_ORDER[a.role] - ROLE_ORDER[b.role] || a.since - b.since),
  }))
}

/** A talk of two needs no rooms, nor does a word with one colleague; three who talk, or a side room, are drawn. */
export function showRooms(call: CallView): boolean {
  if (sideRooms(call).length > 0) return true
  const here = call.parties.filter((p) => p.state !== 'ringing' && !inBooth(p)).length
  return here > (call.attempt?.state === 'consulting' ? 3 : 2)
}

/** Whether the one hears the other, as domain/conversation/model.py says it. */
export function hears(call: CallView, listener: Party, speaker: Party): boolean {
  if (listener.id === speaker.id || speaker.muted) return false
  if ([listener, speaker].some((p) => onMusic(p) || p.state === 'ringing')) return false
  if (speaker.state === 'listening') return false
  if (speaker.state === 'whispering') return whisperedTo(call, speaker)?.id === listener.id
  // A side room hears the main one, unless its members do not want to; never the other way round.
  return listener.room === speaker.room || (speaker.room === MAIN && loudness(call, listener.room) !== 'off')
}

/** To whom a lead whispers: the one who reads this, when he is told to be supervised; else the agent of that room. */
export function whisperedTo(call: CallView, lead: Party): Party | undefined {
  const own = me(call)
  if (call.supervised && own?.role === 'agent') return own
  const agents = call.parties.filter((p) => p.role === 'agent' && p.room === lead.room)
  return agents.find((p) => p.host) ?? agents[0]
}

/** The agent a lead is with: the one he chose when still there. */
export function watched(call: CallView, person: number | null): Party | undefined {
  const agents = call.parties.filter((p) => p.role === 'agent' && !p.me)
  return agents.find((p) => p.person === person) ?? agents.find((p) => p.host) ?? agents[0]
}

/** The call goes on for others when the reader hangs up. */
export const goesOn = (call: CallView): boolean => call.parties.some((p) => !p.me && p.role === 'agent' && p.state !== 'ringing')

export const mayMove = (call: CallView, party: Party): boolean => party.role !== 'lead' && party.state !== 'ringing' && (party.role !== 'customer' || call.host)
export const mayMute = (call: CallView, party: Party): boolean => party.state !== 'ringing' && !inBooth(party) && (party.me || call.host)
export const mayHold = (party: Party): boolean => !party.me && party.role !== 'lead' && party.state !== 'ringing'
export const mayRemove = (call: CallView, party: Party): boolean => call.host && !party.me && party.role !== 'customer'
export const mayHost = (call: CallView, party: Party): boolean => call.host && !party.me && party.role === 'agent' && party.state !== 'ringing'
/** Why nobody can be brought in that way now (a key under `bring.`), or nothing. Any number can be invited, but one transferred or consulted at a time. */
export function whyNotBring(call: CallView, way: Way): '' | 'notNow' | 'locked' | 'oneAtATime' {
  if (!['talking', 'held'].includes(call.phase)) return 'notNow'
  if (call.locked && !call.host) return 'locked'
  return way !== 'invite' && call.attempt && call.attempt.how !== 'invite' ? 'oneAtATime' : ''
}

export type Move = { type: 'aside'; parties: string[]; room: string } | { type: 'back'; parties: string[] }

/**
 * What to ask for when somebody is put into a room (`''`: a new one); null when that is where he is, or not allowed. A guest cannot be
 * in a side room without an agent: dropped into an empty one, he takes the reader along.
 */
export function moveOf(call: CallView, id: string, room: string): Move | null {
  const party = call.parties.find((p) => p.id === id)
  if (!party || party.room === room || !mayMove(call, party)) return null
  if (room === MAIN) return { type: 'back', parties: [id] }
  const own = me(call)
  const staffed = call.parties.some((p) => p.role === 'agent' && p.room === room && room !== '')
  const along = party.role !== 'agent' && !staffed && own && own.room !== room ? [own.id] : []
  return { type: 'aside', parties: [id, ...along], room }
}
