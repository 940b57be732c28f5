import type { Cell, Column, Row } from '../analyze/report.js'

const KIB = 1024
const BYTE_UNITS = ['B', 'KB', 'M', 'G', 'T', 'P']

/** Columns side by side; numbers to the right. Cut to `width` characters, where there is one: the last column gives way. */
export function tableLines(columns: readonly Column[], rows: readonly Row[], width = Infinity): string[] {
  const texts = rows.map(row => row.map((cell, i) => cellText(cell, columns[i])))
  const widths = columns.map(({ title }, i) => texts.reduce((most, row) => Math.max(most, row[i].length), title.length))
  const isNumber = columns.map(({ unit }, i) => unit !== 'time' && rows.some(row => row[i] !== undefined) && rows.every(row => ['number', 'bigint', 'undefined'].includes(typeof row[i])))
  const line = (cells: readonly string[]) => cells
    .map((text, i) => (isNumber[i] ? text.padStart(widths[i]) : i === cells.length - 1 ? text : text.padEnd(widths[i])))
    .join('  ').trimEnd().slice(0, width)
  return [line(columns.map(({ title }) => title)), ...texts.map(line)]
}

/** A value as people read it. */
export function cellText(cell: Cell, { unit }: Column): string {
  if (cell === undefined) return ''
  switch (unit) {
    case 'bytes': return bytesText(Number(cell))
    case 'ns': return durationText(Number(cell))
    case 'percent': return `${Number(cell).toFixed(2)}%`
    case 'time': return timeText(BigInt(cell))
    // What a program has put into its name or a path must not move the cursor.
    default: return String(cell).replace(/[\x00-\x1f\x7f-\x9f]/g, '.')
  }
}

/** Local time of day, of nanoseconds since the epoch. */
function timeText(ns: bigint): string {
  return `${new Date(Number(ns / 1_000_000n)).toTimeString().slice(0, 8)}.${String(ns % 1_000_000_000n).padStart(9, '0')}`
}

/** As sysdig's chisels print them: 1.24KB. Negative ones are differences. */
function bytesText(bytes: number): string {
  let value = Math.abs(bytes)
  let unit = 0
  for (; value > KIB && unit < BYTE_UNITS.length - 1; unit++) value /= KIB
  return `${bytes < 0 ? '-' : ''}${unit === 0 ? value : value.toFixed(2)}${BYTE_UNITS[unit]}`
}

/** As sysdig's chisels print them: 10ms, 1.20s. */
function durationText(ns: number): string {
  const fraction = (part: number) => String(Math.floor(part)).padStart(2, '0')
  if (ns >= 1e9) return `${Math.floor(ns / 1e9)}.${fraction((ns % 1e9) / 1e7)}s`
  if (ns >= 1e7) return `${Math.floor(ns / 1e6)}ms`
  if (ns >= 1e6) return `${Math.floor(ns / 1e6)}.${fraction((ns % 1e6) / 1e4)}ms`
  if (ns >= 1e4) return `${Math.floor(ns / 1e3)}us`
  if (ns >= 1e3) return `${Math.floor(ns / 1e3)}.${fraction((ns % 1e3) / 10)}us`
  return `${ns}ns`
}
