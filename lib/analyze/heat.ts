import { durationText } from '../field/duration.js'
import type { Report } from './report.js'

/** From 1 ns to 100 s. */
export const DECADES = 11

/** Numbers of the 256 colours of terminals, from few calls to many: each stands for 1.6 times as many a second as the one before. */
const PALETTE = [22, 28, 64, 34, 2, 76, 46, 118, 154, 191, 227, 226, 11, 220, 209, 208, 202, 197, 9, 1]
const STEP = Math.log(1.6)
/** Between two of them: parts of the one on the other. */
const SHADES = [' ', '░', '▒', '░']
const BLACK = '\x1b[38;5;0m\x1b[48;5;0m '
const RESET = '\x1b[0m'

/** Where between the first and the last colour this many calls in `ms` are, from 1. */
function heat(calls: number, ms: number): number {
  return Math.min(PALETTE.length, Math.max(1, Math.log(calls * (1000 / ms) + 1) / STEP))
}

/** The calls of each column, of a report whose rows begin with a column and end with its calls. */
function countsOf({ rows }: Pick<Report, 'rows'>, width: number): number[] {
  const counts = new Array<number>(width).fill(0)
  for (const row of rows) counts[Number(row[0])] = Number(row.at(-1))
  return counts
}

/** An interval as coloured blocks, for terminals. */
export function heatLine(report: Pick<Report, 'rows' | 'fromMs' | 'toMs'>, width: number): string {
  const ms = report.toMs - report.fromMs
  return countsOf(report, width).map(calls => (calls === 0 ? BLACK : block(heat(calls, ms)))).join('') + RESET
}

function block(level: number): string {
  const part = level - Math.floor(level)
  const [low, high] = [PALETTE[Math.floor(level) - 1], PALETTE[Math.ceil(level) - 1]]
  const [front, back] = part > 0.75 ? [high, low] : [low, high]
  return `\x1b[38;5;${front}m\x1b[48;5;${back}m${SHADES[Math.floor(part * SHADES.length)]}`
}

/** What the columns stand for: a mark where a decade begins. */
export function heatAxis(width: number): string {
  let line = ''
  while (line.length < width) {
    const decade = Math.floor((line.length * DECADES) / width)
    line += decade === Math.floor(((line.length - 1) * DECADES) / width) ? ' ' : `|${durationText(10 ** decade)}`
  }
  return line.slice(0, width)
}

// The picture, in pixels.
const CELL = { width: 8, height: 8 }
const MARGIN = { left: 90, top: 10, bottom: 30 }
const LABEL_ROWS = 5

/** One interval as a row of the picture, `index` rows from its top. */
export function heatRow(report: Pick<Report, 'rows' | 'fromMs' | 'toMs'>, width: number, index: number): string {
  const y = MARGIN.top + index * CELL.height
  const cells = countsOf(report, width).map((calls, column) => (calls === 0 ? '' :
    `<rect x="${MARGIN.left + column * CELL.width}" y="${y}" width="${CELL.width}" height="${CELL.height}" fill="${colour(PALETTE[Math.round(heat(calls, report.toMs - report.fromMs)) - 1])}"><title>${calls}</title></rect>`))
  const label = index % LABEL_ROWS === 0 ? `<text x="${MARGIN.left - 6}" y="${y + CELL.height}" text-anchor="end">${new Date(report.fromMs).toISOString().slice(11, 22)}</text>` : ''
  return label + cells.join('')
}

/** The picture of these rows, as SVG. */
export function heatSvg(rows: readonly string[], width: number): string {
  const size = { width: MARGIN.left + width * CELL.width + 10, height: MARGIN.top + rows.length * CELL.height + MARGIN.bottom }
  const bottom = size.height - MARGIN.bottom
  const marks = Array.from({ length: DECADES }, (_, decade) => {
    const x = MARGIN.left + Math.ceil((decade * width) / DECADES) * CELL.width
    return `<path d="M${x} ${bottom}v6" stroke="#fff"/><text x="${x}" y="${bottom + 18}">${durationText(10 ** decade)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="monospace" font-size="10" fill="#ccc">`,
    `<rect width="100%" height="100%" fill="#000"/>`, ...rows, ...marks, '</svg>', '',
  ].join('\n')
}

/** Of the 256 colours of xterm, as a web colour: 16 named ones, a cube of 6 × 6 × 6, and greys, which are not in the palette. */
function colour(number: number): string {
  if (number < 16) return NAMED[number]
  const level = (part: number) => LEVELS[part % 6]
  return `#${[level(Math.floor((number - 16) / 36)), level(Math.floor((number - 16) / 6)), level(number - 16)].join('')}`
}

const LEVELS = ['00', '5f', '87', 'af', 'd7', 'ff']
const NAMED: Readonly<Record<number, string>> = { 1: '#800000', 2: '#008000', 9: '#ff0000', 11: '#ffff00' }
