/**
 * The page for telephones without a network: a service worker keeps the page and its files, so that it opens where there is none. Browsers
 * allow that over HTTPS only; without it the page goes on while it stays open.
 */
const MANIFEST = '/m/app.webmanifest'

export async function withoutNetwork(): Promise<void> {
  if (!document.querySelector('link[rel=manifest]')) {
    const link = Object.assign(document.createElement('link'), { rel: 'manifest', href: MANIFEST })
    document.head.append(link)
  }
  void navigator.storage?.persist?.().catch(() => false) // kept though the telephone runs out of room, where the browser lets us ask
  if (!navigator.serviceWorker) return
  try {
    const worker = await active(await navigator.serviceWorker.register('/m/worker.js'))
    worker?.postMessage({ files: loaded() })
  } catch {
    // no page without a network, then: what is typed is kept all the same
  }
}

/** The worker once it works. Not by `ready`: that waits for ever where one came here from the sign-in page, which is not the worker's. */
function active(found: ServiceWorkerRegistration): Promise<ServiceWorker | null> {
  const coming = found.installing ?? found.waiting
  if (!coming) return Promise.resolve(found.active)
  return new Promise((done) => {
    const look = (): void => {
      if (coming.state === 'activated') done(coming)
      if (coming.state === 'redundant') done(found.active)
    }
    coming.addEventListener('statechange', look)
    look()
  })
}

/** The files of the page as it stands, which were loaded before the worker was there. */
const loaded = (): string[] => performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname).filter((path) => path.startsWith('/assets/'))
