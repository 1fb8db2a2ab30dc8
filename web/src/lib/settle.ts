/** Two people at one row. Pure: what becomes of what I changed when the row is not any more as I read it. */
export type Values = Record<string, unknown>

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

export interface Settled {
  /** Only I changed these: they can be saved on top of the newer row. */
  again: Values
  /** Both of us changed these, differently: a person has to choose. */
  conflicts: string[]
  /** The other changed these. */
  theirs: string[]
}

const OWN = ['version', 'phones', 'level_set', 'roles']

/** `base`: the row as I read it; `mine`: what I changed of it; `now`: the row as it is. */
export function settle(base: Values, mine: Values, now: Values): Settled {
  const settled: Settled = { again: {}, conflicts: [], theirs: [] }
  for (const [field, value] of Object.entries(now)) if (field in base && !OWN.includes(field) && !same(base[field], value)) settled.theirs.push(field)
  for (const [field, value] of Object.entries(mine)) {
    if (same(now[field], value)) continue // he wrote the same
    if (same(now[field], base[field])) settled.again[field] = value
    else settled.conflicts.push(field)
  }
  return settled
}
