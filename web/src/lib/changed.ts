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

export function tellChanged(changed: Changed): void {
  for (const handler of handlers.get(changed.kind) ?? []) handler(changed)
}
