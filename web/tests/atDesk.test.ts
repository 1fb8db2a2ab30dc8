import { describe, expect, it } from 'vitest'
import { presenceToTell } from '../src/lib/atDesk'

const ready = { state: 'ready', reason: '', since: 1000 }
const away = (reason: string) => ({ state: 'away', reason, since: 5000 })
const at = (time: number, touched: number, more = {}) => ({ time, touched, idleMinutes: 30, locked: false, ...more })

describe('whether somebody is at the desk', () => {
  it('says nothing while the page is touched now and then, or the person has just become ready', () => {
    expect(presenceToTell(ready, at(3000, 2500))).toBeNull()
    expect(presenceToTell({ ...ready, since: 9000 }, at(9100, 100))).toBeNull() // after a long call
  })
  it('says that nobody is there after the minutes of the group, and never when there are none', () => {
    expect(presenceToTell(ready, at(2801, 900))).toEqual({ on: false, why: 'idle' })
    expect(presenceToTell(ready, at(99_999, 900, { idleMinutes: 0 }))).toBeNull()
  })
  it('tells of a locked screen at once, and of its unlocking', () => {
    expect(presenceToTell(ready, at(1001, 1001, { locked: true }))).toEqual({ on: false, why: 'locked' })
    expect(presenceToTell(away('locked'), at(5010, 4000, { locked: true }))).toBeNull()
    expect(presenceToTell(away('locked'), at(5010, 4000))).toEqual({ on: true })
  })
  it('brings back who touches the page, and leaves a sleeping page to the heartbeat', () => {
    expect(presenceToTell(away('idle'), at(5010, 5009))).toEqual({ on: true })
    expect(presenceToTell(away('idle'), at(5010, 4000))).toBeNull()
    expect(presenceToTell(away('asleep'), at(5010, 5009))).toBeNull()
  })
  it('says nothing during a call or a break', () => {
    for (const state of ['talking', 'wrap', 'busy', 'offline']) expect(presenceToTell({ state, reason: '', since: 0 }, at(99_999, 1, { locked: true }))).toBeNull()
  })
})
