/** A wall that has too much to show goes through it: which rows are on at this moment. Pure. */
export interface Sheet<T> {
  rows: T[]
  sheet: number
  sheets: number
}

export function sheetOf<T>(rows: T[], size: number, turn: number): Sheet<T> {
  const sheets = Math.max(1, Math.ceil(rows.length / size))
  const sheet = turn % sheets
  return { rows: rows.slice(sheet * size, (sheet + 1) * size), sheet, sheets }
}
