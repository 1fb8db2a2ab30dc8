import { expect, it, vi } from 'vitest'
import { leaveComposing } from '../src/lib/composing'

it('keys that put a Chinese word together reach no handler of a page and lose nothing of what they do', () => {
  leaveComposing()
  document.body.innerHTML = '<input>'
  const field = document.querySelector('input')!
  const heard = vi.fn((event: Event) => event.preventDefault())
  field.addEventListener('keydown', heard)
  document.addEventListener('keydown', heard, true)
  const press = (init: KeyboardEventInit): boolean => field.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }))
  expect([press({ key: 'Enter', isComposing: true }), press({ key: '1', isComposing: true }), press({ key: 'Enter', keyCode: 229 })]).toEqual([true, true, true])
  expect(heard).not.toHaveBeenCalled()
  expect(press({ key: 'Enter' })).toBe(false)
  expect(heard).toHaveBeenCalledTimes(2)
})
