import en from '@/locales/en.json'
import zh from '@/locales/zh.json'

/** The short form's pure part: what is typed fast is read right. */
export type Title = 'mr' | 'ms'

/** A name has no figures: 1 and 2 in the name's field are keys, 3 makes it a company. */
export const NAME_KEYS: Record<string, Title | 'company'> = { 1: 'mr', 2: 'ms', 3: 'company' }

/** Forms of address and what companies end with, in both languages whatever the page speaks: callers are called as they are. */
const list = (text: string): string[] => text.split(' ').sort((a, b) => b.length - a.length)
const SAID = [en, zh].map((words) => words.newCaller.said)
const companies = SAID.flatMap((said) => list(said.company))
const TITLES: [Title, string[]][] = [['mr', SAID.flatMap((said) => list(said.mr))], ['ms', SAID.flatMap((said) => list(said.ms))]]

/** English words stand apart, before or behind; Chinese ones end the name. */
function without(name: string, word: string): string {
  const lower = name.toLowerCase()
  if (!/^[a-z]/.test(word)) return name.endsWith(word) ? name.slice(0, -word.length) : name
  for (const form of [`${word} `, `${word}. `]) if (lower.startsWith(form)) return name.slice(form.length)
  return name
}

export interface Read {
  name: string
  title: Title | null
  company: boolean
}

/** `Mr Wang` is Wang, Mr, and so in Chinese, where it stands behind; `… Ltd` is a company. */
export function readName(text: string): Read {
  const name = text.trim()
  for (const [title, words] of TITLES) {
    for (const word of words) {
      const rest = without(name, word).trim()
      if (rest && rest !== name) return { name: rest, title, company: false }
    }
  }
  return { name, title: null, company: companies.some((word) => (/^[a-z]/.test(word) ? name.toLowerCase().endsWith(` ${word}`) : name.endsWith(word))) }
}

/** The name by which he is looked for among the customers; one letter, as a family name alone, would find everybody. */
export function nameAsked(text: string): string {
  const { name } = readName(text)
  return name.length > 1 ? name : ''
}

export interface Double {
  id: number
  name: string
  /** Why he may be the same: by his car, by his name, or by both. */
  by: 'both' | 'plate' | 'name'
  store?: number
}

/** Who is there already, the surest first. */
export function doubles(name: string, ofPlate: { id: number; name: string }[], ofName: { id: number; name: string; store: number }[]): Double[] {
  const found = new Map<number, Double>()
  for (const one of ofPlate) found.set(one.id, { ...one, by: name && one.name === name ? 'both' : 'plate' })
  for (const one of ofName) if (one.name === name && !found.has(one.id)) found.set(one.id, { id: one.id, name: one.name, store: one.store, by: 'name' })
  const rank = { both: 0, plate: 1, name: 2 }
  return [...found.values()].sort((a, b) => rank[a.by] - rank[b.by]).slice(0, 3)
}
