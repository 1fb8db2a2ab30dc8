import zh from '@/locales/zh.json'

/** Family names of two characters; everybody else's has one. */
const COMPOUND = new Set(zh.script.compound.split(' '))

interface Named {
  name: string
  title: string
  kind: string
}

/**
 * How one speaks to him in Chinese: by family name and title. A name that is no Chinese one of two to four characters (a company's, one
 * with a middle dot, one in Latin letters) has no family name to be cut out: the part before the dot, or the whole.
 */
export function called(who: Named, language: 'zh' | 'en'): string {
  // A sign or a picture in front of a name is not spoken.
  const name = who.name.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N})）]+$/gu, '') || who.name
  if (language === 'en' || !who.title || who.kind === 'company') return name
  const first = name.split(/[·•・‧]/u)[0]!
  if (first !== name) return first + who.title
  if (!/^\p{Script=Han}{2,4}$/u.test(name)) return name + who.title
  const two = [...name].slice(0, 2).join('')
  return (COMPOUND.has(two) ? two : [...name][0]) + who.title
}
