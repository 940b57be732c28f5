import type { Analyzer, ArgumentValues, Drawing } from '../analyze/analyzer.js'
import type { Colour, Report } from '../analyze/report.js'
import { harmless, tableLines } from './table.js'

/** Home, and erase what is below. */
const REDRAW = '\x1b[H\x1b[J'
/** To the beginning of the line above. */
const ABOVE = '\x1b[F'
const COLOURS: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 }

/** Where lines go: Output, ReportLog. */
interface Lines {
  line(text: string): void
}

interface Look {
  json: boolean
  /** Rows go on and on under one head. */
  streams: boolean
  hasIntervals: boolean
  /** How the analyzer writes its rows itself. */
  text: Analyzer['text']
  /** The terminal that a table has to fit. */
  screen?: { readonly columns: number; readonly rows: number }
  /** Each table in the place of the one before. */
  redraws?: boolean
  /** A line for each interval in place of a table, as the analyzer draws it. */
  draw?: { readonly drawing: Drawing; readonly args: ArgumentValues } | undefined
}

/** Reports as lines. */
export class Printer {
  readonly #out: Lines
  readonly #look: Look
  readonly #paint: (colour: Colour, text: string) => string
  #headed = false

  constructor(out: Lines, look: Look) {
    this.#out = out
    this.#look = look
    // On a terminal whose user wants colours (no-color.org).
    this.#paint = look.screen !== undefined && !process.env.NO_COLOR ? (colour, text) => `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : (_, text) => text
  }

  print(report: Report): void {
    const { json, streams, hasIntervals, text, screen, redraws = false, draw } = this.#look
    if (json) return this.#objects(report)
    if (draw !== undefined) return this.#draw(draw, report)
    const { columns, rows, cut, isLast } = report
    // The last report of a running machine is of a piece of an interval; an empty one says nothing.
    if (rows.length === 0 && (streams || (isLast && hasIntervals))) return
    const [head, ...lines] = text === undefined ? tableLines(columns, rows, screen?.columns) : ['', ...rows.map(row => text(harmless(row, columns), this.#paint))]
    const begin = redraws ? REDRAW : ''
    if (hasIntervals && !streams) this.#out.line(`${begin}${new Date(report.fromMs).toISOString()}  ${report.events} events`)
    if (text === undefined && (!streams || !this.#headed)) this.#out.line(head)
    this.#headed = true
    for (const line of redraws ? lines.slice(0, screen!.rows - 3) : lines) this.#out.line(line)
    if (cut > 0) this.#out.line(`${cut} more are not in this table: see --max-keys`)
    if (hasIntervals && !streams && !redraws) this.#out.line('')
  }

  /** In the place of what stood below the line before, which goes one down. */
  #draw({ drawing: { line, foot }, args }: NonNullable<Look['draw']>, report: Report): void {
    this.#out.line(`${this.#headed ? ABOVE : ''}${line(report, args)}`)
    this.#headed = true
    this.#out.line(foot(args))
  }

  #objects({ columns, rows, fromMs, toMs, cut }: Report): void {
    for (const row of rows) {
      const cells = Object.fromEntries(columns.map(({ name }, i) => [name, typeof row[i] === 'bigint' ? (row[i] <= Number.MAX_SAFE_INTEGER ? Number(row[i]) : String(row[i])) : row[i]]))
      this.#out.line(JSON.stringify({ fromMs, toMs, ...cells }))
    }
    if (cut > 0) this.#out.line(JSON.stringify({ fromMs, toMs, cut }))
  }
}
