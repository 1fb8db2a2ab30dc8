/** What is typed on a telephone and not saved yet, under a key of its own. */
export function readDraft<T extends object>(key: string): Partial<T> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<T>
  } catch {
    return {}
  }
}

/** Whether the telephone keeps it: it may be full, or keep nothing at all. */
export function keepDraft(key: string, draft: object): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

export function dropDraft(key: string): void {
  try {
    localStorage.removeItem(key)
  } catch {
    // what cannot be written cannot be there
  }
}
