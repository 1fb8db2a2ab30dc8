/**
 * The headset: one open microphone for as long as the person is signed in (so that answering takes no time and the level can be
 * shown), the chosen devices, and a plain state when something is wrong. Devices are remembered by this browser.
 */
import type { Microphone as MicState } from './protocol'

export interface Device {
  id: string
  label: string
}

export interface Devices {
  inputs: Device[]
  outputs: Device[]
}

const KEY = 'dealerline.headset'

interface Choice {
  input: string
  output: string
  ringer: string
}

function remembered(): Choice {
  try {
    return { input: '', output: '', ringer: '', ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Choice>) }
  } catch {
    return { input: '', output: '', ringer: '' }
  }
}

let context: AudioContext | null = null

/** The page's audio context. Browsers start it asleep until the person touches the page; any touch wakes it. */
export function audioContext(): AudioContext {
  if (!context) {
    context = new AudioContext()
    const wake = (): void => void context?.resume().catch(() => undefined)
    for (const kind of ['pointerdown', 'keydown']) window.addEventListener(kind, wake, { passive: true })
  }
  return context
}

export class Headset {
  choice = remembered()
  stream: MediaStream | null = null
  state: MicState = 'unknown'
  private analyser: AnalyserNode | null = null
  private source: MediaStreamAudioSourceNode | null = null
  private buffer: Float32Array<ArrayBuffer> = new Float32Array(512)
  private opening: Promise<MediaStream | null> | null = null

  constructor(
    private readonly onState: (state: MicState, changed: boolean) => void,
    private readonly onStream: (stream: MediaStream) => void,
  ) {
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.devicesChanged())
  }

  /** Opens the microphone, or says why not. Safe to call again and again. */
  open(): Promise<MediaStream | null> {
    if (this.stream?.active) return Promise.resolve(this.stream)
    this.opening ??= this.request().finally(() => (this.opening = null))
    return this.opening
  }

  async devices(): Promise<Devices> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? []
    const of = (kind: string): Device[] => all.filter((d) => d.kind === kind && d.deviceId).map((d) => ({ id: d.deviceId, label: d.label }))
    return { inputs: of('audioinput'), outputs: of('audiooutput') }
  }

  async choose(part: keyof Choice, id: string): Promise<void> {
    this.choice = { ...this.choice, [part]: id }
    localStorage.setItem(KEY, JSON.stringify(this.choice))
    if (part === 'input') {
      this.release()
      await this.open()
    }
  }

  /** The microphone's level now, 0 to 1 on a scale that follows the ear (-60 dB to 0 dB). */
  level(): number {
    if (!this.analyser) return 0
    this.analyser.getFloatTimeDomainData(this.buffer)
    let sum = 0
    for (const sample of this.buffer) sum += sample * sample
    const db = 10 * Math.log10(sum / this.buffer.length + 1e-9)
    return Math.max(0, Math.min(1, (db + 60) / 60))
  }

  release(): void {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null
      track.stop()
    }
    this.source?.disconnect()
    this.stream = null
    this.source = null
    this.analyser = null
  }

  private async request(): Promise<MediaStream | null> {
    if (!navigator.mediaDevices) return this.set('refused', false)
    const audio: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
    if (this.choice.input) audio.deviceId = { ideal: this.choice.input }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio })
      this.adopt(stream)
      return stream
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      return this.set(name === 'NotFoundError' || name === 'NotReadableError' || name === 'OverconstrainedError' ? 'missing' : 'refused', false)
    }
  }

  private adopt(stream: MediaStream): void {
    this.release()
    this.stream = stream
    const track = stream.getAudioTracks()[0]
    if (track) track.onended = () => void this.lostTrack()
    const audio = audioContext()
    this.source = audio.createMediaStreamSource(stream)
    this.analyser = audio.createAnalyser()
    this.analyser.fftSize = 512
    this.source.connect(this.analyser)
    this.set('ok', false)
    this.onStream(stream)
  }

  private set(state: MicState, changed: boolean): null {
    this.state = state
    this.onState(state, changed)
    return null
  }

  private async lostTrack(): Promise<void> {
    this.release()
    this.set('missing', true)
    await this.open() // another microphone may be there: the system's default takes over
    if (this.stream) this.set('ok', true)
  }

  private async devicesChanged(): Promise<void> {
    const { inputs } = await this.devices()
    if (this.state !== 'ok' && inputs.length > 0) await this.open()
    else if (this.state === 'ok' && this.choice.input && inputs.some((d) => d.id === this.choice.input)) {
      const using = this.stream?.getAudioTracks()[0]?.getSettings().deviceId
      if (using !== this.choice.input) {
        this.release()
        await this.open()
        this.set('ok', true)
      }
    }
  }
}
