import type { Cell, Column, Row } from '../analyze/report.js'
import { bytesText, durationText, timeText } from '../analyze/units.js'

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
    default: return oneLine(String(cell))
  }
}

/** Its texts without control sequences, for those who make a line of it themselves. */
export function harmless(row: Row, columns: readonly Column[]): Row {
  return row.map((cell, i) => (typeof cell !== 'string' ? cell : columns[i].unit === 'data' ? someLines(cell) : oneLine(cell)))
}

/** What a program has put into its name or a path must not move the cursor, nor look like another line. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '.')
}

/** Of data newlines and tabs stay; a return before a newline is a part of it. */
function someLines(text: string): string {
  return text.replace(/\r(?=\n)/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '.')
}
