/**
 * A list as a file: fetched piece by piece, so that one sees how far it is and can stop it, and saved only when it is whole.
 * The server says beforehand how many rows will come; a file that broke off half-way is never taken for a whole one.
 */
import { ApiError, askFile } from '@/api/http'

export interface Progress {
  rows: number
  of: number
}

export interface Downloaded extends Progress {
  file: Blob
  /** There were more rows than one file may have: the newest are in it. */
  more: boolean
}

const NEWLINE = 10

/** How many lines end in these bytes. */
export function linesIn(bytes: Uint8Array): number {
  let found = 0
  for (const byte of bytes) if (byte === NEWLINE) found++
  return found
}

/** Raises ApiError (`broken_off` when the answer ended early), or an AbortError when `signal` was given. */
export async function fetchRows(path: string, query: Record<string, string>, signal: AbortSignal, told: (progress: Progress) => void): Promise<Downloaded> {
  const response = await askFile(path, query, signal)
  const of = Number(response.headers.get('X-Dealerline-Rows') ?? 0)
  const pieces: BlobPart[] = []
  let lines = 0
  told({ rows: 0, of })
  const reader = response.body?.getReader()
  try {
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      pieces.push(piece.value as BlobPart)
      lines += linesIn(piece.value)
      told({ rows: Math.min(of, Math.max(0, lines - 1)), of }) // the first line are the headings
    }
  } catch (error) {
    if (signal.aborted) throw error
    throw new ApiError(0, 'broken_off', null)
  }
  if (lines - 1 < of) throw new ApiError(0, 'broken_off', null)
  return { file: new Blob(pieces, { type: 'text/csv' }), rows: of, of, more: response.headers.get('X-Dealerline-More') === 'yes' }
}

/** Hands the file to the browser, which puts it where it puts downloads. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
