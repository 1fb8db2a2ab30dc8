/**
 * The way to /api: JSON, the session's cookie, the CSRF header, one kind of error. Typed calls go through `api` (openapi-fetch with
 * the schema generated from the server's own description); `ApiError` carries the server's plain words in both languages.
 */
import type { Text } from '@/lib/protocol'

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

type Query = Record<string, string | number | boolean | null | undefined>

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== '') search.set(key, String(value))
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

async function failure(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {}
  try {
    body = (await response.json()) as Record<string, unknown>
  } catch {
    // A proxy's page instead of our JSON: the status has to do.
  }
  const code = typeof body.code === 'string' ? body.code : `http_${response.status}`
  return new ApiError(response.status, code, (body.text as Text | undefined) ?? null, (body.fields as Record<string, Text> | undefined) ?? {}, body)
}

/** One request. Raises ApiError; its code is `offline` when nothing answered. */
export async function request<T>(method: string, path: string, body?: unknown, options: { signal?: AbortSignal; keepalive?: boolean } = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['X-CSRFToken'] = csrf
  let response: Response
  try {
    response = await fetch(path, { method, headers, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body), ...options })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'offline', null)
  }
  if (!response.ok) {
    const error = await failure(response)
    if (response.status === 401 && path !== '/api/session') onSignedOut()
    throw error
  }
  return (response.status === 204 ? undefined : await response.json()) as T
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => request<T>('GET', withQuery(path, query), undefined, { signal })
export const post = <T>(path: string, body: unknown = {}): Promise<T> => request<T>('POST', path, body)
export const put = <T>(path: string, body: unknown, keepalive = false): Promise<T> => request<T>('PUT', path, body, { keepalive })
export const patch = <T>(path: string, body: unknown): Promise<T> => request<T>('PATCH', path, body)
export const del = <T>(path: string): Promise<T> => request<T>('DELETE', path)
