// The telephone's page where there is no network: the page itself, as it was last seen, and its files, whose names change with their
// content. Nothing of /api is kept here: leads and what waits to be sent are the page's own matter.
const KEPT = 'dealerline-m-1'
const PAGE = '/m/leads'
const PATIENCE = 4000

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()))
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

/** The network's page, unless it keeps us waiting; then the one that was seen last. */
async function page(request) {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), PATIENCE)
  try {
    const answer = await fetch(request.url, { signal: stop.signal, credentials: 'same-origin', cache: 'no-cache' })
    if (answer.status < 500) return answer
    return (await caches.match(PAGE)) ?? answer
  } catch (error) {
    const kept = await caches.match(PAGE)
    if (kept) return kept
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function file(request) {
  const kept = await caches.match(request.url)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) await (await caches.open(KEPT)).put(request.url, answer.clone())
  return answer
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== location.origin) return
  if (request.mode === 'navigate') event.respondWith(page(request))
  else if (pathname.startsWith('/assets/')) event.respondWith(file(request))
})

/** The page names the files it is made of: first those are kept, then the page itself, and what belonged to an older one goes. */
async function keep(files) {
  const kept = await caches.open(KEPT)
  const wanted = new Set(files.map((path) => new URL(path, location.origin).href))
  for (const url of wanted) if (!(await kept.match(url))) await kept.add(url)
  await kept.add(new Request(PAGE, { cache: 'no-cache' }))
  for (const old of await kept.keys()) if (new URL(old.url).pathname.startsWith('/assets/') && !wanted.has(old.url)) await kept.delete(old)
}
self.addEventListener('message', (event) => event.waitUntil(keep(event.data?.files ?? []).catch(() => undefined)))
