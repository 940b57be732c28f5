import type { Spread } from './rounds.js'

/** A number with as many digits as it is worth. */
export function figure(value: number): string {
  const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Median and spread. */
export function spreadText(spread: Spread | undefined, unit = ''): string {
  if (spread === undefined) return '-'
  const { median, min, max } = spread
  return min === max ? figure(median) + unit : `${figure(median)}${unit} [${figure(min)}..${figure(max)}]`
}

/** What was to be reached, and whether it was. Without a target, nothing. */
export function targetText(value: number | undefined, limit: number | undefined, atLeast = false): string {
  if (limit === undefined) return ''
  if (value === undefined) return 'not measured'
  const met = atLeast ? value >= limit : value <= limit
  return `${atLeast ? '≥' : '≤'} ${figure(limit)} ${met ? 'met' : 'MISSED'}`
}

export interface Table {
  title: string
  head: string[]
  rows: string[][]
  notes: string[]
}

/** The first column to the left, numbers to the right, the last to the left again. */
export function tableText({ title, head, rows, notes }: Table): string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map(row => row[column].length)))
  const line = (row: string[]) => row.map((cell, column) =>
    column === 0 || column === row.length - 1 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  ').trimEnd()
  return ['', title, '', line(head), widths.map(width => '-'.repeat(width)).join('  '), ...rows.map(line), ...notes.map(note => `* ${note}`)]
}
