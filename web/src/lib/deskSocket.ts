/**
 * One connection to the switch that looks after itself: a fresh ticket for each attempt, back-off from half a second to eight,
 * a heartbeat (of a desk every two seconds, as it promises in its hello: the switch takes it for asleep otherwise), and commands that are answered or fail within eight. It knows nothing of what messages mean.
 */
import type { Answer, Command, DeviceKind, FromSwitch, Text } from './protocol'
import { everySecond } from './ticker'

export type Link = 'off' | 'connecting' | 'up' | 'lost'

export class CommandError extends Error {
  constructor(
    readonly code: string,
    readonly text: Text | null,
  ) {
    super(code)
  }
}

export interface DeskSocketOptions {
  url: string
  tab: string
  device: DeviceKind
  watch: boolean
  news?: boolean
  ticket: () => Promise<string>
  onMessage: (message: FromSwitch) => void
  onLink: (link: Link) => void
}

interface Waiting {
  resolve: (answer: Answer) => void
  reject: (error: CommandError) => void
  until: number
}

/** Seconds: the switch offers no call to a desk that it has not heard of for twice this and one more. */
const BEAT = 2
const WATCHING = 10
const SILENT = 25_000
const ANSWER = 8_000

export class DeskSocket {
  lastMessage = 0
  private socket: WebSocket | null = null
  private attempts = 0
  private nextTry = 0
  private lastPing = 0
  private connecting = false
  private closed = false
  private counter = 0
  private readonly waiting = new Map<string, Waiting>()
  private readonly stopTicker: () => void

  constructor(private readonly options: DeskSocketOptions) {
    this.stopTicker = everySecond(() => this.tick())
    void this.connect()
  }

  close(): void {
    this.closed = true
    this.stopTicker()
    this.drop()
    this.options.onLink('off')
  }

  /** Sends a command. Rejects with CommandError: the switch's own code, `not_connected`, or `no_answer`. */
  send(command: Command): Promise<Answer> {
    const socket = this.socket
    if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.reject(new CommandError('not_connected', null))
    const id = String(++this.counter)
    socket.send(JSON.stringify({ ...command, id }))
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject, until: Date.now() + ANSWER }))
  }

  /** Tries again at once (the machine woke up, the network came back). */
  hurry(): void {
    this.nextTry = 0
    this.tick()
  }

  private async connect(): Promise<void> {
    if (this.connecting || this.closed) return
    this.connecting = true
    this.options.onLink(this.attempts === 0 ? 'connecting' : 'lost')
    try {
      const ticket = await this.options.ticket()
      if (!this.closed) this.open(ticket)
    } catch {
      this.later()
    } finally {
      this.connecting = false
    }
  }

  private open(ticket: string): void {
    const socket = new WebSocket(this.options.url)
    this.socket = socket
    this.lastMessage = Date.now()
    socket.onopen = () => {
      const { tab, device, watch, news } = this.options
      socket.send(JSON.stringify({ type: 'hello', id: 'hello', ticket, tab, device, watch, ...(news ? { news } : {}), ...(watch ? {} : { beat: BEAT }) }))
      this.lastPing = Date.now()
    }
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket !== this.socket) return
      this.lastMessage = Date.now()
      this.read(JSON.parse(event.data) as FromSwitch)
    }
    socket.onclose = () => {
      if (socket === this.socket) this.lost()
    }
  }

  private read(message: FromSwitch): void {
    if (message.type === 'ok' || message.type === 'error') {
      const waiting = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      if (message.type === 'ok') waiting?.resolve(message)
      else waiting?.reject(new CommandError(message.code, message.text))
      if (message.type === 'error' && message.id === 'hello') this.lost()
      return
    }
    if (message.type === 'welcome') {
      this.attempts = 0
      this.options.onLink('up')
    }
    this.options.onMessage(message)
  }

  private tick(): void {
    const now = Date.now()
    for (const [id, waiting] of this.waiting) {
      if (waiting.until < now) {
        this.waiting.delete(id)
        waiting.reject(new CommandError('no_answer', null))
      }
    }
    const socket = this.socket
    if (!socket) {
      if (!this.closed && !this.connecting && now >= this.nextTry) void this.connect()
      return
    }
    if (now - this.lastMessage > SILENT) {
      this.lost()
    } else if (socket.readyState === WebSocket.OPEN && now - this.lastPing >= (this.options.watch ? WATCHING : BEAT) * 1000 - 500) {
      this.lastPing = now
      socket.send('{"type":"ping"}')
    }
  }

  private lost(): void {
    this.drop()
    if (this.closed) return
    this.later()
  }

  private later(): void {
    this.attempts += 1
    this.nextTry = Date.now() + Math.min(8000, 250 * 2 ** Math.min(this.attempts, 5))
    this.options.onLink('lost')
  }

  private drop(): void {
    const socket = this.socket
    this.socket = null
    if (socket) {
      socket.onclose = null
      socket.onmessage = null
      socket.close()
    }
    for (const waiting of this.waiting.values()) waiting.reject(new CommandError('not_connected', null))
    this.waiting.clear()
  }
}
