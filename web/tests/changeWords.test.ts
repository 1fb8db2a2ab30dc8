// @vitest-environment happy-dom
import { createPinia } from 'pinia'
import { createApp, defineComponent, h } from 'vue'
import { describe, expect, it } from 'vitest'
import { i18n } from '../src/i18n'
import { useChangeWords } from '../src/lib/changeWords'

function words(): ReturnType<typeof useChangeWords> {
  let made!: ReturnType<typeof useChangeWords>
  const one = defineComponent({ setup: () => ((made = useChangeWords()), () => h('i')) })
  createApp(one).use(createPinia()).use(i18n).mount(document.createElement('div'))
  return made
}

describe('what was changed', () => {
  it('is told in words, not in codes', () => {
    i18n.global.locale.value = 'en'
    const { said, field } = words()
    expect(said('customers.booking', 'state', 'booked')).toBe('booked')
    expect(said('customers.order', 'status', 'in_transit')).toBe('On its way')
    expect(said('customers.repairline', 'declined', true)).toBe('yes')
    expect(said('customers.repair', 'promised_at', '2026-11-30T17:00:00+00:00')).toContain('Nov 2026')
    expect(said('customers.repair', 'adviser_id', 7)).toBe('#7')
    expect(said('customers.customer', 'labels', [])).toBe('empty')
    expect(field('customers.membershipcard', 'number')).toBe('Number')
    expect(said('customers.payment', '+', { order_id: 3, kind: 'deposit', amount: '5000.00', note: '', way: 'cash' })).toBe('kind deposit · amount 5000.00 · how paid cash')
  })
})
