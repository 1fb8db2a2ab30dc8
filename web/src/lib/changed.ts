/** Records that somebody else changed: the switch says which, the page that shows it reads it again. */
import { onBeforeUnmount } from 'vue'

export interface Changed {
  kind: string
  /** `0`: many of that kind. */
  id: string
  customer: number | null
  by: number | null
}

type Handler = (changed: Changed) => void

const handlers = new Map<string, Set<Handler>>()

/** While this component lives. `kinds` as the server names them: `customer`, `lead`, `promise` ... */
export function onChanged(kinds: string | readonly string[], handler: Handler): void {
  for (const kind of [kinds].flat()) {
    const all = handlers.get(kind) ?? new Set<Handler>()
    handlers.set(kind, all.add(handler))
    onBeforeUnmount(() => all.delete(handler))
  }
}

/** Anything of the file of these customers, whatever its kind; told once for what comes together. */
export function onFileChanged(customers: () => (number | null | undefined)[], handler: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  onChanged('*', (changed) => {
    if (changed.customer === null ? changed.kind !== 'customer' || changed.id !== '0' : !customers().includes(changed.customer)) return
    clearTimeout(timer)
    timer = setTimeout(handler, 120)
  })
  onBeforeUnmount(() => clearTimeout(timer))
}

/** For a while nobody told what was changed: everything that is shown is read again, once. */
export function tellMissed(): void {
  const told = new Set<Handler>()
  for (const [kind, all] of handlers) {
    for (const handler of all) if (!told.has(handler)) handler({ kind: kind === '*' ? 'customer' : kind, id: '0', customer: null, by: null })
    for (const handler of all) told.add(handler)
  }
}

export function tellChanged(changed: Changed): void {
  for (const kind of [changed.kind, '*']) for (const handler of handlers.get(kind) ?? []) handler(changed)
}
