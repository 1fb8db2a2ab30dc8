/** What a good agent would notice in the file before saying hello. Pure; the words are in the catalogues under `warning.`. */
import type { Pop } from '@/api/types'
import { toSeconds } from './time'
import type { Tone } from './tones'

export interface Warning {
  key: 'insuranceOver' | 'insuranceSoon' | 'inspectionOver' | 'inspectionSoon' | 'repairLate' | 'repairReady' | 'orderReady' | 'orderLate' | 'followUp'
  tone: Tone
  subject: string
  values: Record<string, string | number>
}

const DAY = 86_400

const daysTo = (date: string | null, now: number): number | null => {
  const at = toSeconds(date)
  return at === null ? null : Math.ceil((at - now) / DAY)
}

export function warningsOf(pop: Pop, now: number): Warning[] {
  const list: Warning[] = []
  const add = (key: Warning['key'], tone: Tone, subject: string, days: number | null = null): void => {
    list.push({ key, tone, subject, values: days === null ? {} : { n: Math.abs(days) } })
  }
  for (const repair of pop.repairs.filter((r) => r.open)) {
    const promised = toSeconds(repair.promised_at)
    if (repair.stage === 'ready') add('repairReady', 'ready', repair.number)
    else if (promised !== null && promised < now) add('repairLate', 'lost', repair.number)
  }
  for (const order of pop.orders.filter((o) => o.open)) {
    const days = daysTo(order.expected_on, now)
    if (order.status === 'ready') add('orderReady', 'ready', order.number)
    else if (days !== null && days < 0) add('orderLate', 'lost', order.number, days)
  }
  for (const car of pop.cars) {
    const subject = car.plate || car.model
    const insurance = daysTo(car.insurance_until, now)
    if (insurance !== null && insurance < 0) add('insuranceOver', 'lost', subject, insurance)
    else if (insurance !== null && insurance <= 45) add('insuranceSoon', 'wrap', subject, insurance)
    const inspection = daysTo(car.inspection_until, now)
    if (inspection !== null && inspection < 0) add('inspectionOver', 'lost', subject, inspection)
    else if (inspection !== null && inspection <= 45) add('inspectionSoon', 'wrap', subject, inspection)
  }
  return list
}
