/**
 * The way to /api: typed by the schema the server generates (`npm run types`), the session's cookie, the CSRF header, one kind of
 * error. `ok(api.GET(...))` gives the data or raises ApiError with the server's plain words in both languages.
 */
import createClient from 'openapi-fetch'
import type { components, paths } from './generated/schema'
import type { Keyed, Text } from '@/lib/protocol'

type Pop = components['schemas']['PopOut']

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly text: Text | null,
    readonly fields: Record<string, Text | string> = {},
    readonly body: Record<string, unknown> = {},
  ) {
    super(code)
  }
}

let csrf = ''
let onSignedOut: () => void = () => undefined

export function useCsrf(token: string): void {
  csrf = token
}

export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

async function reach(input: Request): Promise<Response> {
  try {
    const response = await fetch(input)
    if (response.status === 401 && !new URL(input.url).pathname.startsWith('/api/session')) onSignedOut()
    return response
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'offline', null)
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin', fetch: reach })
api.use({
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('X-CSRFToken', csrf)
    return request
  },
})

function failure(status: number, error: unknown): ApiError {
  // A proxy's page instead of our JSON has no code: the status has to do.
  const body = error && typeof error === 'object' ? (error as Record<string, unknown>) : {}
  const code = typeof body.code === 'string' ? body.code : `http_${status}`
  return new ApiError(status, code, (body.text as Text | undefined) ?? null, (body.fields as Record<string, Text> | undefined) ?? {}, body)
}

/** The data of an answer. Raises ApiError; its code is `offline` when nothing answered. */
export async function ok<D>(answer: Promise<{ data?: D; error?: unknown; response: Response }>): Promise<Exclude<D, undefined>> {
  const { data, error, response } = await answer
  if (!response.ok) throw failure(response.status, error)
  return data as Exclude<D, undefined>
}

/**
 * The pop, asked for this very moment: the request leaves before anything is drawn, so that server and page work side by side.
 * (The typed client hands over to the network only after several turns of the event loop, and the drawing would go first.)
 */
export function askPop(number: string, call: string, line: number, keyed?: Keyed | null): Promise<Pop> {
  const query = new URLSearchParams({ number, call, line: String(line) })
  if (keyed?.customer) query.set('customer', String(keyed.customer))
  if (keyed?.car) query.set('car', String(keyed.car))
  for (const one of keyed?.among ?? []) query.append('among', String(one))
  const answer = reach(new Request(`${location.origin}/api/pop?${query}`, { credentials: 'same-origin', headers: { Accept: 'application/json' } }))
  return answer.then(async (response) => {
    const body: unknown = await response.json().catch(() => null)
    if (!response.ok) throw failure(response.status, body)
    return body as Pop
  })
}

/** A file that is read as it comes. Raises ApiError when there is none. */
export async function askFile(path: string, query: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const response = await reach(new Request(`${location.origin}${path}?${new URLSearchParams(query)}`, { credentials: 'same-origin', signal }))
  if (response.ok) return response
  throw failure(response.status, await response.json().catch(() => null))
}

/** For the few routes that are not described (the demo's, the first run's). Raises ApiError like `ok`. */
export async function request<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(method === 'GET' ? {} : { 'X-CSRFToken': csrf }) }
  const response = await reach(new Request(new URL(path, location.origin), { method, headers, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body) }))
  const text = await response.text()
  let answer: unknown = null
  try {
    answer = text ? JSON.parse(text) : null
  } catch {
    answer = null
  }
  if (!response.ok) throw failure(response.status, answer)
  return answer as T
}

/** A file as the body, under an address that the page made. Raises ApiError. */
export async function putFile(path: string, content: Blob, signal?: AbortSignal): Promise<unknown> {
  const headers = { 'Content-Type': content.type || 'application/octet-stream', 'X-CSRFToken': csrf, Accept: 'application/json' }
  const response = await reach(new Request(new URL(path, location.origin), { method: 'PUT', headers, credentials: 'same-origin', body: content, signal }))
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw failure(response.status, answer)
  return answer
}
