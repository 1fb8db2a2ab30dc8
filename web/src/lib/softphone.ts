/**
 * The browser's telephone: one SIP registration over WebSocket and the sessions that Asterisk rings into it. Which session is
 * which call is said by the INVITE's From name (`dl ring ID`, or `dl auto ID` for one that is answered at once). The switch decides
 * everything else; this only carries voice, so no button of the desk ends up here except "answer" (and "hang up" when the switch
 * cannot be reached).
 */
import { UA, WebSocketInterface, debug } from 'jssip'
import type { IncomingRTCSessionEvent, RTCSessionEvent } from 'jssip/lib/UA'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { SipAccount } from './protocol'

export type SessionPhase = 'ringing' | 'answering' | 'talking'

export interface SoftphoneEvents {
  onRegistered: (registered: boolean) => void
  onSessions: (sessions: Record<string, SessionPhase>) => void
  onFailure: (code: 'no_microphone' | 'media_failed') => void
}

interface Session {
  rtc: RTCSession
  phase: SessionPhase
  audio: HTMLAudioElement
  level: AnalyserNode | null
}

debug.disable()

/** `dl ring 0192...` -> that call, rings; `dl auto 0192...` -> that call, to be answered at once; anything else -> no call named. */
export function readFromName(name: string): { call: string; auto: boolean } {
  const found = /^"?dl (ring|auto) ([\w-]+)"?$/.exec(name.trim())
  return { call: found?.[2] ?? '', auto: found?.[1] === 'auto' }
}

export class Softphone {
  private ua: UA | null = null
  private account = ''
  private readonly sessions = new Map<string, Session>()
  private output = ''

  constructor(
    private readonly microphone: () => Promise<MediaStream | null>,
    private readonly context: () => AudioContext,
    private readonly events: SoftphoneEvents,
  ) {}

  /** Registers. The same account again changes nothing, so that a reconnecting desk keeps its calls. */
  start(account: SipAccount): void {
    const identity = JSON.stringify(account)
    if (this.ua && identity === this.account) return
    this.stop()
    this.account = identity
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const domain = account.realm || location.hostname
    const ua = new UA({
      sockets: [new WebSocketInterface(`${scheme}://${location.host}${account.path}`)],
      uri: `sip:${account.username}@${domain}`,
      authorization_user: account.username,
      password: account.password,
      realm: account.realm || undefined,
      register: true,
      register_expires: 60,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
      user_agent: 'Dealerline desk',
    })
    ua.on('registered', () => this.events.onRegistered(true))
    ua.on('unregistered', () => this.events.onRegistered(false))
    ua.on('registrationFailed', () => this.events.onRegistered(false))
    ua.on('disconnected', () => this.events.onRegistered(false))
    ua.on('newRTCSession', (event: RTCSessionEvent) => this.incoming(event))
    this.ua = ua
    ua.start()
  }

  stop(): void {
    this.ua?.removeAllListeners()
    this.ua?.stop()
    this.ua = null
    this.account = ''
    for (const [call, session] of [...this.sessions]) this.forget(call, session)
    this.events.onRegistered(false)
  }

  has(call: string): boolean {
    return this.sessions.has(this.keyFor(call))
  }

  async answer(call: string): Promise<void> {
    const session = this.sessions.get(this.keyFor(call))
    if (!session || session.phase !== 'ringing') return
    session.phase = 'answering' // a second click finds this and does nothing
    this.tell()
    const stream = await this.microphone()
    if (session.rtc.isEnded()) return
    if (!stream) {
      session.phase = 'ringing'
      this.tell()
      this.events.onFailure('no_microphone')
      return
    }
    session.rtc.answer({ mediaStream: stream, mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } })
  }

  /** Ends the voice by SIP alone: the way out when the switch cannot be reached. */
  terminate(call: string): void {
    const session = this.sessions.get(this.keyFor(call))
    if (session && !session.rtc.isEnded()) session.rtc.terminate()
  }

  /** The headset changed in mid-call: the new microphone takes the old one's place in every session. */
  replaceMicrophone(stream: MediaStream): void {
    const track = stream.getAudioTracks()[0]
    if (!track) return
    for (const { rtc } of this.sessions.values()) {
      for (const sender of rtc.connection?.getSenders() ?? []) void sender.replaceTrack(track).catch(() => undefined)
    }
  }

  speakThrough(device: string): void {
    this.output = device
    for (const { audio } of this.sessions.values()) void audio.setSinkId?.(device).catch(() => undefined)
  }

  /** Level of what is heard in that call, 0 to 1. */
  heard(call: string): number {
    const level = this.sessions.get(this.keyFor(call))?.level
    if (!level) return 0
    const buffer = new Float32Array(level.fftSize)
    level.getFloatTimeDomainData(buffer)
    const sum = buffer.reduce((total, sample) => total + sample * sample, 0)
    return Math.max(0, Math.min(1, (10 * Math.log10(sum / buffer.length + 1e-9) + 60) / 60))
  }

  get snapshot(): Record<string, SessionPhase> {
    return Object.fromEntries([...this.sessions].map(([call, session]) => [call, session.phase]))
  }

  /** A session without a call's id (somebody else's Asterisk may rewrite names) can only be the one call that rings. */
  private keyFor(call: string): string {
    return this.sessions.has(call) || !this.sessions.has('') ? call : ''
  }

  private incoming(event: RTCSessionEvent): void {
    if (event.originator !== 'remote') return
    const { session: rtc } = event as IncomingRTCSessionEvent
    const { call, auto } = readFromName(rtc.remote_identity.display_name ?? '')
    const old = this.sessions.get(call)
    if (old) this.forget(call, old) // the switch rang again for the same call: the new leg counts
    const session: Session = { rtc, phase: 'ringing', audio: new Audio(), level: null }
    session.audio.autoplay = true
    this.sessions.set(call, session)
    rtc.on('peerconnection', ({ peerconnection }) => this.listen(session, peerconnection))
    rtc.on('icecandidate', ({ ready }) => setTimeout(ready, 60)) // host candidates are all there at once; no need to wait for more
    rtc.on('confirmed', () => {
      session.phase = 'talking'
      this.tell()
    })
    rtc.on('getusermediafailed', () => this.events.onFailure('no_microphone'))
    rtc.on('ended', () => this.over(call, session))
    rtc.on('failed', (failure) => {
      if (session.phase === 'answering' && failure.originator === 'local') this.events.onFailure('media_failed')
      this.over(call, session)
    })
    this.tell()
    if (auto) void this.answer(call)
  }

  private listen(session: Session, connection: RTCPeerConnection): void {
    connection.addEventListener('track', (event) => {
      const stream = event.streams[0] ?? new MediaStream([event.track])
      session.audio.srcObject = stream
      if (this.output) void session.audio.setSinkId?.(this.output).catch(() => undefined)
      void session.audio.play().catch(() => undefined)
      const context = this.context()
      session.level = context.createAnalyser()
      session.level.fftSize = 512
      context.createMediaStreamSource(stream).connect(session.level)
    })
  }

  private over(call: string, session: Session): void {
    if (this.sessions.get(call) === session) this.forget(call, session)
  }

  private forget(call: string, session: Session): void {
    session.audio.srcObject = null
    session.audio.remove()
    this.sessions.delete(call)
    this.tell()
  }

  private tell(): void {
    this.events.onSessions(this.snapshot)
  }
}
