/** A ringing tone made by the browser: two soft notes, twice, every three seconds. No file to load, no licence to keep. */
import { audioContext } from './microphone'

let timer: ReturnType<typeof setInterval> | null = null
let sink = ''

function note(at: number, frequency: number, length: number): void {
  const context = audioContext()
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.type = 'sine'
  oscillator.frequency.value = frequency
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.22, at + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.001, at + length)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + length + 0.05)
}

function ring(): void {
  const now = audioContext().currentTime
  for (const start of [0, 0.55]) {
    note(now + start, 740, 0.24)
    note(now + start + 0.2, 988, 0.3)
  }
}

export function startRinging(): void {
  if (timer) return
  const context = audioContext() as AudioContext & { setSinkId?: (id: string) => Promise<void> }
  if (context.setSinkId && sink) void context.setSinkId(sink).catch(() => undefined)
  void context.resume().catch(() => undefined)
  ring()
  timer = setInterval(ring, 3000)
}

export function stopRinging(): void {
  if (timer) clearInterval(timer)
  timer = null
}

export function ringThrough(device: string): void {
  sink = device
}

/** One short signal: somebody needs a look, nobody has to answer. */
export function chime(): void {
  void audioContext().resume().catch(() => undefined)
  note(audioContext().currentTime, 880, 0.35)
}
