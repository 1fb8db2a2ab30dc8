/** Runs `work` when the page has nothing else to do, after `timeout` milliseconds at the latest. Returns what calls it off. */
export function whenIdle(work: () => void, timeout: number): () => void {
  if (typeof requestIdleCallback === 'function') {
    const id = requestIdleCallback(work, { timeout })
    return () => cancelIdleCallback(id)
  }
  const id = setTimeout(work, Math.min(timeout, 50)) // Safari has no idle callbacks
  return () => clearTimeout(id)
}
