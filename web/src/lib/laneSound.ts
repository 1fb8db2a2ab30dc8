/**
 * The voices of a call played one by one, so that each can be silenced. The recording of the whole is the clock: it plays on,
 * unheard, and each voice's own file follows it. Files are opened when their time comes, for a call may have many.
 */
import type { Lane, Segment } from '@/api/types'

export interface Levels {
  muted: ReadonlySet<string>
  solo: ReadonlySet<string>
}

/** Which voices sound: those asked for alone, else all but the silenced ones. */
export function audible(lanes: readonly Pick<Lane, 'key'>[], levels: Levels): Set<string> {
  const keys = lanes.map((lane) => lane.key)
  return new Set(levels.solo.size ? keys.filter((key) => levels.solo.has(key)) : keys.filter((key) => !levels.muted.has(key)))
}

export const soundOf = (segment: Pick<Segment, 'id' | 'kind'>): string => (segment.kind === 'track' ? `/api/tracks/${segment.id}/audio` : `/api/recordings/${segment.id}/audio`)

/** Whether the segment sounds at that second, or soon will. */
export const near = (segment: Pick<Segment, 'at' | 'seconds'>, second: number, ahead: number): boolean => second >= segment.at - ahead && second < segment.at + segment.seconds

const AHEAD = 4
const DRIFT = 0.12
const LOOK_EVERY = 100

interface Voice {
  lane: Lane
  segment: Segment
  element: HTMLAudioElement | null
  gain: GainNode | null
}

export class LaneSound {
  private readonly context = new AudioContext()
  private readonly voices: Voice[]
  private sounding: Set<string> = new Set()
  private readonly timer: number

  constructor(
    private readonly clock: HTMLAudioElement,
    lanes: readonly Lane[],
  ) {
    this.voices = lanes.flatMap((lane) => lane.segments.filter((segment) => segment.state === 'joined').map((segment) => ({ lane, segment, element: null, gain: null })))
    clock.muted = true
    this.timer = window.setInterval(() => this.follow(), LOOK_EVERY)
    void this.context.resume()
  }

  levels(sounding: Set<string>): void {
    this.sounding = sounding
    for (const voice of this.voices) if (voice.gain) voice.gain.gain.value = sounding.has(voice.lane.key) ? 1 : 0
    this.follow()
  }

  close(): void {
    window.clearInterval(this.timer)
    for (const voice of this.voices) this.drop(voice)
    void this.context.close()
    this.clock.muted = false
  }

  private follow(): void {
    const second = this.clock.currentTime
    for (const voice of this.voices) {
      if (!near(voice.segment, second, AHEAD)) {
        if (voice.element) this.drop(voice)
        continue
      }
      const element = voice.element ?? this.open(voice)
      const wanted = second - voice.segment.at
      if (wanted < 0 || this.clock.paused || element.ended) {
        if (!element.paused) element.pause()
        continue
      }
      element.playbackRate = this.clock.playbackRate
      if (Math.abs(element.currentTime - wanted) > DRIFT * Math.max(1, this.clock.playbackRate)) element.currentTime = wanted
      if (element.paused) void element.play().catch(() => undefined)
    }
  }

  private open(voice: Voice): HTMLAudioElement {
    const element = new Audio(soundOf(voice.segment))
    element.preload = 'auto'
    const source = this.context.createMediaElementSource(element)
    const gain = this.context.createGain()
    const place = this.context.createStereoPanner()
    gain.gain.value = this.sounding.has(voice.lane.key) ? 1 : 0
    place.pan.value = voice.lane.role === 'customer' ? -0.6 : 0.6
    if (voice.segment.kind === 'track') source.connect(gain)
    else {
      const split = this.context.createChannelSplitter(2)
      source.connect(split)
      split.connect(gain, voice.segment.kind === 'left' ? 0 : 1)
    }
    gain.connect(place).connect(this.context.destination)
    voice.element = element
    voice.gain = gain
    return element
  }

  private drop(voice: Voice): void {
    voice.element?.pause()
    voice.element?.removeAttribute('src')
    voice.element?.load()
    voice.gain?.disconnect()
    voice.element = voice.gain = null
  }
}
