import { describe, expect, it } from 'vitest'
import { called } from '../src/lib/called'

const as = (name: string, title: string, kind = 'person') => called({ name, title, kind }, 'zh')

describe('how one speaks to a caller', () => {
  it('by family name and title, also where it has two characters, and the whole where there is no more', () => {
    expect([as('王芳', '女士'), as('欧阳雪', '女士'), as('欧阳', '先生'), as('郑', '先生')]).toEqual(['王女士', '欧阳女士', '欧阳先生', '郑先生'])
  })
  it('by the part before the middle dot, and never by a cut one of another script', () => {
    expect([as('阿依古丽·买买提', '女士'), as('John Smith', '先生')]).toEqual(['阿依古丽女士', 'John Smith先生'])
  })
  it('not by the picture somebody put before his name, nor by half of it', () => {
    expect([as('😀王小明🚗', '先生'), as('😀', '先生')]).toEqual(['王先生', '😀先生'])
  })
  it('a company is called as it is, and so is everybody in English', () => {
    expect(as('上海百川贸易有限公司（浦东）', '先生', 'company')).toBe('上海百川贸易有限公司（浦东）')
    expect(called({ name: '王芳', title: '女士', kind: 'person' }, 'en')).toBe('王芳')
  })
})
