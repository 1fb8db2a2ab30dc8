import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'
import en from '../src/locales/en.json'
import zh from '../src/locales/zh.json'

type Tree = { [key: string]: string | Tree }

const flat = (tree: Tree, path = ''): Record<string, string> =>
  Object.entries(tree).reduce<Record<string, string>>((all, [key, value]) => ({ ...all, ...(typeof value === 'string' ? { [path + key]: value } : flat(value, `${path}${key}.`)) }), {})

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}

const SOURCES = files('src').filter((path) => /\.(vue|ts)$/.test(path) && !path.includes('generated'))
const ZH = flat(zh as Tree)
const EN = flat(en as Tree)
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort()

interface Node {
  type: number
  content?: string | { content?: string; loc?: unknown }
  children?: Node[]
  props?: { type: number; name: string; value?: { content: string } }[]
  branches?: Node[]
}

/** Words that sit in a template: text nodes, and attributes that people read. */
function literals(node: Node): string[] {
  const found: string[] = []
  if (node.type === 2 && typeof node.content === 'string' && /[\p{L}]/u.test(node.content)) found.push(node.content.trim())
  for (const prop of node.props ?? []) {
    if (prop.type === 6 && ['title', 'placeholder', 'aria-label', 'label', 'content', 'alt'].includes(prop.name) && /[\p{L}]/u.test(prop.value?.content ?? '')) found.push(`${prop.name}="${prop.value?.content}"`)
  }
  for (const child of [...(node.children ?? []), ...(node.branches ?? [])]) if (child && typeof child === 'object') found.push(...literals(child))
  return found
}

describe('every word a person sees is in the catalogues', () => {
  it('Chinese and English have the same keys', () => {
    expect(Object.keys(EN).sort()).toEqual(Object.keys(ZH).sort())
  })

  it('both languages fill in the same values', () => {
    for (const [key, text] of Object.entries(ZH)) expect(placeholders(EN[key] ?? ''), key).toEqual(placeholders(text))
  })

  it('no text is empty', () => {
    for (const [key, text] of [...Object.entries(ZH), ...Object.entries(EN)]) expect(text.trim(), key).not.toBe('')
  })

  it('English texts carry no Chinese, save the name of the language itself', () => {
    const allowed = new Set(['ownName.zh', 'common.otherLanguage'])
    for (const [key, text] of Object.entries(EN)) if (!allowed.has(key)) expect(text, key).not.toMatch(/\p{Script=Han}/u)
  })

  it('every key that a page names exists', () => {
    for (const path of SOURCES) {
      const text = readFileSync(path, 'utf8')
      for (const [, key] of text.matchAll(/\bt\(\s*'([a-z]\w*(?:\.\w+)+)'/gi)) expect(ZH, `${path}: ${key}`).toHaveProperty([key!])
      for (const [, first, second] of text.matchAll(/\bt\([^()'`]*(?:'[a-z_]+')?[^()'`]*\? '(\w+(?:\.\w+)+)' : '(\w+(?:\.\w+)+)'/g)) for (const key of [first!, second!]) expect(ZH, `${path}: ${key}`).toHaveProperty([key])
      for (const [, group] of text.matchAll(/\bt\(`((?:\w+\.)+)\$\{/g)) expect(Object.keys(ZH).some((key) => key.startsWith(group!)), `${path}: ${group}`).toBe(true)
    }
  })

  it('no Chinese character stands in the code', () => {
    for (const path of SOURCES) expect(readFileSync(path, 'utf8'), path).not.toMatch(/\p{Script=Han}/u)
  })

  it('the check below finds words where there are some', () => {
    const ast = parse('<template><p v-if="x">Hello</p><b v-else title="a tip">{{ y }}</b></template>').descriptor.template?.ast as Node
    expect(literals(ast)).toEqual(['Hello', 'title="a tip"'])
  })

  it('no template carries words of its own', () => {
    for (const path of SOURCES.filter((name) => name.endsWith('.vue'))) {
      const ast = parse(readFileSync(path, 'utf8')).descriptor.template?.ast as Node | undefined
      expect(ast ? literals(ast) : [], path).toEqual([])
    }
  }, 30_000) // every component is parsed: seconds, on a machine that is busy
})
