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

/** While this component lives. `kind` as the server names it: `customer`, `lead`, `promise` ... */
export function onChanged(kind: string, handler: Handler): void {
  const all = handlers.get(kind) ?? new Set<Handler>()
  handlers.set(kind, all.add(handler))
  onBeforeUnmount(() => all.delete(handler))
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

export function tellChanged(changed: Changed): void {
  for (const kind of [changed.kind, '*']) for (const handler of handlers.get(kind) ?? []) handler(changed)
}
