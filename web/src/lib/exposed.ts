import { useDesk } from '@/stores/desk'
import { usePhone } from '@/stores/phone'
import { useWork, type PopMark } from '@/stores/work'

declare global {
  interface Window {
    __dealerline?: {
      readonly softphone: { registered: boolean; microphone: string; sessions: Record<string, string> }
      readonly agent: string
      readonly link: string
      readonly calls: { id: string; phase: string }[]
      readonly lastMessage: number
      readonly pops: readonly PopMark[]
    }
  }
}

/** What journey tests and `bench pop` read: states in plain values, no way to change anything. */
export function exposeForTests(): void {
  const desk = useDesk()
  const phone = usePhone()
  const work = useWork()
  window.__dealerline = {
    get softphone() {
      return { registered: phone.registered, microphone: phone.microphone, sessions: { ...phone.sessions } }
    },
    get agent() {
      return desk.agent.state
    },
    get link() {
      return desk.link
    },
    get calls() {
      return desk.calls.map((c) => ({ id: c.id, phase: c.phase }))
    },
    get lastMessage() {
      return desk.lastMessage()
    },
    get pops() {
      return work.marks.map((mark) => ({ ...mark }))
    },
  }
}
