type Listener = () => void

const listeners = new Set<Listener>()
let started = false

function beat(): void {
  for (const listener of [...listeners]) listener()
}

function start(): void {
  started = true
  try {
    const worker = new Worker(new URL('./ticker.worker.ts', import.meta.url), { type: 'module' })
    let alive = false
    worker.onmessage = () => {
      alive = true
      beat()
    }
    // A policy or an old browser may refuse workers: then the page's own timer has to do.
    worker.onerror = () => {
      if (!alive) setInterval(beat, 1000)
    }
  } catch {
    setInterval(beat, 1000)
  }
}

/** Calls `listener` once a second, also while the page is hidden. Returns what stops it. */
export function everySecond(listener: Listener): () => void {
  if (!started) start()
  listeners.add(listener)
  return () => listeners.delete(listener)
}
