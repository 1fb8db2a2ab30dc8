import type { AgentState, Phase } from './protocol'

export type Tone = 'ready' | 'talking' | 'wrap' | 'lost' | 'away'

/** The one table of which state has which colour. */
export const AGENT_TONE: Record<AgentState, Tone> = {
  offline: 'away', ready: 'ready', reserved: 'talking', ringing: 'talking', talking: 'talking', supervising: 'talking', wrap: 'wrap', busy: 'away', away: 'away', outbound: 'talking',
}

export const PHASE_TONE: Record<Phase, Tone> = {
  offered: 'talking', talking: 'talking', held: 'wrap', reconnecting: 'lost', wrap: 'wrap', dialling: 'talking', test: 'away', supervising: 'talking', parked: 'wrap',
}

/** A state the switch put somebody into against his wish is red: it needs a look. */
export function agentTone(state: AgentState, reason: string, until: number | null = null, now = 0): Tone {
  if (state === 'busy' && until !== null && until < now) return 'lost' // over his break
  return state === 'busy' && ['no_answer', 'device_lost', 'microphone'].includes(reason) ? 'lost' : AGENT_TONE[state]
}

/** How long the oldest has waited, against the promise of the queue: calm, amber when near, red when over. */
export function waitTone(waited: number, promise = 20): Tone {
  if (waited > promise * 2) return 'lost'
  return waited > promise ? 'wrap' : 'ready'
}

export const OUTCOME_TONE: Record<string, Tone> = {
  answered: 'ready', abandoned: 'lost', failed: 'lost', no_answer: 'lost', unknown_number: 'lost', voicemail: 'wrap', forwarded: 'talking', live: 'talking',
}
