import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const desk = vi.hoisted(() => ({ link: 'up', watching: false }))
const phone = vi.hoisted(() => ({ usable: true }))
vi.mock('../src/stores/desk', () => ({ useDesk: () => desk }))
vi.mock('../src/stores/phone', () => ({ usePhone: () => phone }))

const { ApiError } = await import('../src/api/http')
const { useRinging } = await import('../src/lib/useRinging')

describe('ringing from a list on a page that was just opened', () => {
  let asked: number
  const dial = async (): Promise<string> => ((asked += 1), 'dialled')

  beforeEach(() => {
    vi.useFakeTimers()
    Object.assign(desk, { link: 'up', watching: false })
    phone.usable = true
    asked = 0
  })
  afterEach(() => vi.useRealTimers())

  it('dials at once when the telephone is there', async () => {
    const ringing = useRinging()
    expect(await ringing.ring('1', dial)).toBe('dialled')
    expect(ringing.waits.value).toBe('')
  })

  it('waits for the telephone, says for which row, and asks for nothing until it is there', async () => {
    phone.usable = false
    const ringing = useRinging()
    const rung = ringing.ring('1', dial)
    await vi.advanceTimersByTimeAsync(2000)
    expect([ringing.waits.value, asked]).toEqual(['1', 0])
    phone.usable = true
    await vi.advanceTimersByTimeAsync(500)
    expect([await rung, asked, ringing.waits.value]).toEqual(['dialled', 1, ''])
  })

  it('gives up with words and without having asked for anything', async () => {
    phone.usable = false
    const rung = useRinging().ring('1', dial)
    const failed = expect(rung).rejects.toMatchObject({ code: 'phone_not_ready' })
    await vi.advanceTimersByTimeAsync(13_000)
    await failed
    expect(asked).toBe(0)
  })

  it('asks again while the switch has not heard of the telephone yet, but not after another refusal', async () => {
    const answers = [new ApiError(409, 'no_phone', null), new ApiError(409, 'hello_first', null)]
    const rung = useRinging().ring('1', async () => {
      const refusal = answers.shift()
      if (refusal) throw refusal
      return dial()
    })
    await vi.advanceTimersByTimeAsync(2000)
    expect(await rung).toBe('dialled')
    await expect(useRinging().ring('1', () => Promise.reject(new ApiError(409, 'claimed', null)))).rejects.toMatchObject({ code: 'claimed' })
  })

  it('does not dial from a page that only looks on, nor twice at once', async () => {
    desk.watching = true
    await expect(useRinging().ring('1', dial)).rejects.toMatchObject({ code: 'desk_elsewhere' })
    desk.watching = false
    phone.usable = false
    const ringing = useRinging()
    const first = expect(ringing.ring('1', dial)).rejects.toMatchObject({ code: 'phone_not_ready' })
    await expect(ringing.ring('2', dial)).rejects.toMatchObject({ code: 'one_at_a_time' })
    await vi.advanceTimersByTimeAsync(13_000)
    await first
    expect(asked).toBe(0)
  })
})
