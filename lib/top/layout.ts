import type { Cell, Column, Row } from '../analyze/report.js'
import { cellText } from '../cli/table.js'
import { ACTIONS } from './keys.js'
import type { Level } from './level.js'
import type { Model } from './model.js'
import { idOf, type Slice } from './slice.js'
import { spark } from './spark.js'

/** A line of the screen. */
export interface Line {
  readonly text: string
  readonly style?: 'title' | 'head' | 'cursor' | 'error' | 'dim'
  /** Of a head: from where to where the column is that is sorted by. */
  readonly mark?: readonly [start: number, end: number]
}

/** Characters of a number, and of the bars. */
const NUMBER_WIDTH = 9
const SPARK_WIDTH = 16
const GAP = 1
const TEXT = /[\x00-\x1f\x7f-\x9f]/g

/** The screen as lines: exactly `height` of them, none longer than `width`. */
export function linesOf(model: Model, width: number, height: number): Line[] {
  const head = titleLines(model)
  const foot = footLines(model, width)
  const room = Math.max(0, height - head.length - foot.length)
  const body = bodyLines(model, width, room)
  const lines = [...head, ...body.slice(0, room), ...Array.from({ length: Math.max(0, room - body.length) }, () => ({ text: '' })), ...foot].slice(0, height)
  return lines.map(line => ({ ...line, text: line.text.slice(0, width) }))
}

function bodyLines(model: Model, width: number, room: number): Line[] {
  switch (model.mode) {
    case 'help': return helpLines(width)
    case 'data': return dataLines(model, width, room)
    default: return tableLines(model, width, room)
  }
}

function titleLines(model: Model): Line[] {
  const { level, slice, watch, gathering } = model
  const path = [...level.scope.map(({ text }) => text), level.name].map(clean).join(' › ')
  const at = slice === undefined ? -1 : gathering.slices.indexOf(slice)
  const earlier = gathering.intervals - gathering.slices.length
  const when = slice === undefined || !Number.isFinite(slice.fromMs) ? `no events${watch.running ? ' yet' : ''}`
    : at < 0 ? `all ${gathering.intervals} intervals, ${seconds(slice.toMs - slice.fromMs)}`
    : `interval ${at + 1 + earlier} of ${gathering.intervals}, ${new Date(slice.fromMs).toISOString().slice(11, 19)} UTC, ${seconds(slice.toMs - slice.fromMs)}`
  const state = model.paused && watch.live ? 'PAUSED  ' : watch.running ? (watch.live ? '' : 'reading …  ') : watch.live ? 'ENDED  ' : ''
  return [
    { text: `sysring top  ${clean(watch.device)}  ${path}`, style: 'title' },
    ...watch.problem === undefined ? [] : [{ text: clean(watch.problem), style: 'error' as const }],
    { text: `${state}${when}, ${slice?.events ?? 0} events${model.filter === '' ? '' : `  filter: ${clean(model.filter)}`}`, style: 'dim' },
  ]
}

function footLines(model: Model, width: number): Line[] {
  if (model.mode === 'filter') {
    return [...model.complaint.map(text => ({ text, style: 'error' as const })), { text: `filter: ${model.draft}█`.slice(-width), style: 'title' }, { text: 'Enter uses it, Esc leaves it, Ctrl-U empties it', style: 'dim' }]
  }
  const stats = model.watch.stats()
  const cut = model.slice?.cut ?? 0
  const counts = stats === undefined ? '' : `${stats.seen} seen, ${stats.dropped.total} dropped`
  return [{ text: `${counts}${cut > 0 ? `, ${cut} events not shown` : ''}  Enter into  Esc back  1-8 views  <> sort  / filter  p pause  ? help  q quit`, style: 'dim' }]
}

function tableLines(model: Model, width: number, room: number): Line[] {
  const { level, rows, history } = model
  const cursor = model.cursor(rows)
  model.page = Math.max(1, room - 1)
  const first = Math.max(0, Math.min(rows.length - model.page, cursor - (model.page >> 1)))
  const shown = rows.slice(first, first + model.page)
  const styleOf = (i: number) => (first + i === cursor ? { style: 'cursor' as const } : {})
  if (level.view === undefined) return [{ text: 'Event', style: 'head' }, ...shown.map((row, i) => ({ text: clean(String(row[1])).padEnd(width), ...styleOf(i) }))]
  const columns = placed(level, width)
  const [head, ...texts] = [undefined, ...shown].map(row => lineOf(level, columns, row, history))
  const marked = columns.find(({ index }) => index === level.sort)
  return [
    { text: head.padEnd(width), style: 'head', ...marked !== undefined && { mark: [marked.start, marked.start + marked.width] as const } },
    ...texts.map((text, i) => ({ text: text.padEnd(width), ...styleOf(i) })),
  ]
}

/** Where a column is; that of the bars has no index. */
interface Placed {
  readonly index: number | undefined
  readonly column: Column
  readonly start: number
  readonly width: number
}

/** Measures, bars, and texts; the text without a width gets what is left of the line, and its place is the last. */
function placed(level: Level, width: number): Placed[] {
  const { columns, measures, view } = level
  const parts = [...view!.key, ...view!.labels]
  const wanted = columns.map((column, index) => ({ index: index as number | undefined, column, width: index < measures ? NUMBER_WIDTH : parts[index - measures].width ?? Infinity }))
  const bars = { index: undefined, column: { name: '', title: 'Recent' }, width: SPARK_WIDTH }
  const texts = wanted.slice(measures).sort((a, b) => Number(a.width === Infinity) - Number(b.width === Infinity))
  let start = 0
  return [...wanted.slice(0, measures), bars, ...texts].map(({ width: wide, ...rest }) => {
    const placed = { ...rest, start, width: Math.max(0, Math.min(wide, width - start)) }
    start += placed.width + GAP
    return placed
  })
}

/** Of a row, or of none: then the titles. */
function lineOf(level: Level, columns: readonly Placed[], row: Row | undefined, history: readonly Slice[]): string {
  return columns.map(({ index, column, width }) => {
    if (index === undefined) return row === undefined ? column.title.padStart(width) : sparkOf(level, row, history)
    const text = row === undefined ? `${column.title}${index === level.sort ? (level.reversed ? '▲' : '▼') : ''}` : cellText(row[index], column)
    return (index < level.measures ? text.padStart(width) : text.padEnd(width)).slice(0, width)
  }).join(' '.repeat(GAP))
}

/** How the column that is sorted by, or else the first, went in the last intervals. */
function sparkOf(level: Level, row: Row, history: readonly Slice[]): string {
  const column = level.sort < level.measures ? level.sort : 0
  const id = idOf(row, level.identity)
  return spark(history.slice(-SPARK_WIDTH).map(({ byId }) => Number(byId.get(id)?.[column] ?? 0)), SPARK_WIDTH)
}

function helpLines(width: number): Line[] {
  return [
    { text: '' },
    ...ACTIONS.map(({ label, about }) => ({ text: `  ${label.padEnd(15)}${about}` })),
    { text: '' },
    { text: '  Numbers are those of one interval; the bars show how the column that is sorted by went in the last ones.' },
    { text: '  A view that is chosen inside of a row shows that row only: container, Enter, process, Enter, 3.' },
    { text: '  A file is read to its end for each view and shown as a whole; ← and → go through its intervals.' },
    { text: '' },
    { text: '  Any key goes back.', style: 'dim' as const },
  ].map(line => ({ ...line, text: line.text.slice(0, width) }))
}

/** An event with what it has read or written, as far as the snaplen has kept it. */
function dataLines(model: Model, width: number, room: number): Line[] {
  const { rows } = model
  const row = rows[model.cursor(rows)]
  if (row === undefined) return []
  const text = clean(String(row[1]))
  const event = Array.from({ length: Math.ceil(text.length / width) }, (_, i) => text.slice(i * width, (i + 1) * width))
  const data = row[2] === undefined ? ['(no data)'] : hexLines(row[2])
  const lines = [...event, '', ...data]
  model.scrolled = Math.min(model.scrolled, Math.max(0, lines.length - room))
  return lines.slice(model.scrolled).map(line => ({ text: line }))
}

function hexLines(data: Cell): string[] {
  const bytes = Buffer.from(String(data), 'latin1')
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => {
    const part = bytes.subarray(16 * i, 16 * (i + 1))
    const hex = Array.from(part, byte => byte.toString(16).padStart(2, '0')).join(' ')
    return `${(16 * i).toString(16).padStart(8, '0')}  ${hex.padEnd(48)} ${clean(part.toString('latin1')).replace(/[^\x20-\x7e]/g, '.')}`
  })
}

/** What a program has put into a name must not move the cursor. */
function clean(text: string): string {
  return text.replace(TEXT, '.')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
