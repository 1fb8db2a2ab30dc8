import { describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/http'
import { settle } from '../src/lib/settle'
import { useRow } from '../src/lib/useRow'

const stale = (current: Record<string, unknown>) => new ApiError(409, 'stale', null, {}, { current })

describe('what becomes of mine when the row is not as I read it', () => {
  const base = { name: '王芳', notes: '', labels: ['老客户'], version: 1 }
  it('saves mine on top where the other wrote elsewhere', () => {
    expect(settle(base, { notes: '下午联系' }, { ...base, name: '王方', version: 2 })).toEqual({ again: { notes: '下午联系' }, conflicts: [], theirs: ['name'] })
  })
  it('asks where both wrote into one field, and not where both wrote the same', () => {
    expect(settle(base, { notes: '我的' }, { ...base, notes: '他的' }).conflicts).toEqual(['notes'])
    expect(settle(base, { labels: ['大客户'] }, { ...base, labels: ['大客户'] })).toEqual({ again: {}, conflicts: [], theirs: ['labels'] })
  })
})

describe('a row edited by two people at once', () => {
  const server = (row: Record<string, unknown>) => {
    const kept = { row }
    const write = vi.fn(async (changes: Record<string, unknown>, version: number) => {
      if (version !== kept.row.version) throw stale(kept.row)
      return (kept.row = { ...kept.row, ...changes, version: version + 1 })
    })
    return { kept, write }
  }
  it('keeps both changes of different fields and says what the colleague changed', async () => {
    const { kept, write } = server({ name: '王芳', notes: '', version: 1 })
    const edit = useRow({ ...kept.row }, write)
    kept.row = { ...kept.row, name: '王方', version: 2 } // a colleague
    expect(await edit.save('notes', '下午联系', '')).toBe(true)
    expect(kept.row).toMatchObject({ name: '王方', notes: '下午联系', version: 3 })
    expect(edit.told.value).toEqual(['name'])
    expect(edit.row.value).toMatchObject(kept.row)
  })
  it('shows mine beside theirs in one field, and what is chosen is kept', async () => {
    const { kept, write } = server({ notes: '', version: 1 })
    const edit = useRow({ ...kept.row }, write)
    kept.row = { notes: '他的', version: 2 }
    expect(await edit.save('notes', '我的', '')).toBe(false)
    expect(edit.conflicts.notes).toEqual({ mine: '我的', theirs: '他的' })
    expect(kept.row.notes).toBe('他的') // nothing is overwritten before it is chosen
    expect(await edit.keepMine('notes')).toBe(true)
    expect(kept.row.notes).toBe('我的')
    expect(edit.conflicts).toEqual({})
  })
  it('never writes over what a colleague saved while the field was open, though the version is new', async () => {
    const { kept, write } = server({ notes: '', version: 1 })
    const edit = useRow({ ...kept.row }, write)
    kept.row = { notes: '他的', version: 2 }
    edit.fresh(kept.row) // told by the switch while I type
    expect(await edit.save('notes', '我的', '')).toBe(false)
    expect(write).not.toHaveBeenCalled()
    edit.takeTheirs('notes')
    expect(edit.conflicts).toEqual({})
  })
  it('saves two fields one after the other, each at the version of the one before', async () => {
    const { kept, write } = server({ name: 'a', notes: 'b', version: 1 })
    const edit = useRow({ ...kept.row }, write)
    expect(await Promise.all([edit.save('name', 'x', 'a'), edit.save('notes', 'y', 'b')])).toEqual([true, true])
    expect(kept.row).toEqual({ name: 'x', notes: 'y', version: 3 })
    expect(edit.told.value).toEqual([])
  })
  it('keeps a problem with its field until it is typed anew', async () => {
    const edit = useRow({ vin: '', version: 1 }, () => Promise.reject(new ApiError(400, 'invalid', null, { vin: { zh: '不对', en: 'wrong' } })))
    expect(await edit.save('vin', '1', '')).toBe(false)
    expect(edit.problems.vin).toBeTruthy()
  })
})
