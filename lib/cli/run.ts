import type { Analyzer, ArgumentValues, Drawing } from '../analyze/analyzer.js'
import { checkArguments } from '../analyze/arguments.js'
import type { Report } from '../analyze/report.js'
import { integer, number, type Options, parse } from './args.js'
import { lossText } from './footer.js'
import { SIGNALS } from './interrupt.js'
import { Output } from './output.js'
import { Picture } from './picture.js'
import { isBrokenPipe, OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS } from './source.js'
import { tableLines } from './table.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  every: { group: 'Analysis', value: 'SECONDS', help: 'report every so many seconds of the events\' own time (default: live 1, of files and of what is about a whole capture once, at the end)' },
  workers: { value: 'N', help: 'share the work among so many threads (default: 1)' },
  'max-keys': { value: 'N', help: 'keep at most so many keys or lines; what is beyond is counted (default: 100000)' },
  containers: { short: 'c', help: 'with columns that tell containers apart, where the analyzer has such' },
  ...LIVE_OPTIONS,
  json: { group: 'Output', help: 'one JSON object per row' },
  svg: { value: 'FILE', help: 'also as a picture, of analyzers that have one' },
  quiet: { short: 'q', help: 'no footer' },
  list: { group: 'Other', short: 'l', help: 'list the analyzers; --json for programs' },
} as const satisfies Options

const SYNOPSIS = 'NAME [ARGUMENT …] [-i DEV … | -r FILE …] [--every S] [--workers N] [OPTION …] [FILTER]'
/** Home, and erase what is below. */
const REDRAW = '\x1b[H\x1b[J'
/** To the beginning of the line above. */
const ABOVE = '\x1b[F'

/** Runs an analyzer, one of those that come with the library or one of the user's own. */
export async function run(args: string[]): Promise<number> {
  const help = args.find(arg => arg === '--help' || arg === '-h')
  if (help !== undefined && args[0] !== help) return explain(args[0])
  const values = parse('run', SYNOPSIS, OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  if (values.list === true) return list(values.json === true)
  const [name, ...others] = values.operands ?? []
  if (name === undefined) throw new UsageError('which analyzer is to be run?', 'sysring run --list')
  const found = await load(name)
  const analyzer = values.containers === true ? found.withContainers : found
  if (analyzer === undefined) throw new UsageError(`${name} has no columns for containers`, 'leave --containers out')
  const own = analyzer.args ?? []
  const filter = others.slice(own.length).join(' ')
  const live = values.read === undefined
  const every = number('--every', values.every, 0.001)
  const isAtOnce = analyzer.streams === true || analyzer.whole === true || analyzer.entries !== undefined
  if (every !== undefined && analyzer.entries !== undefined) throw new UsageError(`${name} is about one moment, and has no intervals`, 'leave --every out')
  const everyMs = every !== undefined ? every * 1000 : live && !isAtOnce ? 1000 : undefined
  const given = argumentsOf(analyzer, others)
  const { drawing } = analyzer
  if (values.svg !== undefined && drawing === undefined) throw new UsageError(`${name} has no picture`, 'leave --svg out')
  const picture = values.svg === undefined ? undefined : new Picture(values.svg, drawing!, given)
  const maxKeys = integer('--max-keys', values['max-keys'], 1)
  const stop = new AbortController()
  for (const signal of SIGNALS) process.once(signal, () => stop.abort())

  const { run } = await import('../analyze/run.js')
  const out = new Output()
  const printer = new Printer(out, {
    ...(drawing !== undefined && process.stdout.isTTY === true && { drawing, args: given }),
    json: values.json === true, streams: analyzer.streams === true, redraws: live && process.stdout.isTTY === true && everyMs !== undefined && analyzer.streams !== true,
  })
  let last: Report | undefined
  try {
    for await (const report of run(analyzer, {
      on: options => openSource(values, options),
      args: given,
      workers: integer('--workers', values.workers, 1, 64) ?? 1,
      signal: stop.signal,
      ...(filter !== '' && { filter }), ...(everyMs !== undefined && { everyMs }), ...(maxKeys !== undefined && { maxKeys }),
    })) {
      printer.print(report, everyMs !== undefined || analyzer.everyMs !== undefined)
      picture?.add(report)
      await out.flush()
      last = report
    }
  } catch (error) {
    if (!isBrokenPipe(error)) throw error
  }
  picture?.save()
  if (picture !== undefined && picture.cut > 0) console.error(`sysring: ${picture.cut} more intervals are not in the picture`)
  if (values.quiet !== true && last?.stats !== undefined) console.error(lossText(last.stats.dropped, last.stats.seen))
  return OK
}

/** The values of its arguments, checked. A picture is as wide as the terminal, unless that is said. */
function argumentsOf(analyzer: Analyzer<any, any>, operands: readonly string[]): ArgumentValues {
  const own = analyzer.args ?? []
  const width = analyzer.drawing !== undefined && process.stdout.isTTY === true ? own.find(({ name }) => name === 'width') : undefined
  const asTerminal: ArgumentValues = width === undefined ? {} : { width: Math.min(width.max ?? Infinity, Math.max(width.min ?? 1, process.stdout.columns)) }
  return checkArguments(analyzer, { ...asTerminal, ...Object.fromEntries(own.slice(0, operands.length).map(({ name }, i) => [name, operands[i]])) })
}

/** One of ours by its name, or the default export of a file. */
async function load(name: string): Promise<Analyzer<any, any>> {
  const { shipped } = await import('../analyze/shipped.js')
  if (!/[./]/.test(name)) return shipped(name)
  const { importModule, moduleUrl } = await import('../thread.js')
  const module = moduleUrl(name)
  const { default: analyzer } = await importModule(module).catch((error: Error) => {
    throw new UsageError(`${name} cannot be loaded: ${error.message}`, 'a module whose default export is an analyzer, or a name that is in: sysring run --list')
  }) as { default?: Analyzer<any, any> }
  if (typeof analyzer?.event !== 'function') throw new UsageError(`${name} has no analyzer as its default export`, 'export default defineAnalyzer({ … })')
  return { ...analyzer, module }
}

async function list(json: boolean): Promise<number> {
  const { shipped, SHIPPED_NAMES } = await import('../analyze/shipped.js')
  const all = await Promise.all(SHIPPED_NAMES.map(shipped))
  const out = new Output()
  if (json) {
    for (const { name, category, about, args = [] } of all) out.line(JSON.stringify({ name, category, about, args }))
  } else {
    const synopsis = ({ name, args = [] }: Analyzer) => [name, ...args.map(arg => (arg.default === undefined ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`))].join(' ')
    const columns = [{ name: 'category', title: 'Category' }, { name: 'name', title: 'Analyzer' }, { name: 'about', title: 'What it shows' }]
    const rows = all.map(analyzer => [analyzer.category, synopsis(analyzer), analyzer.about]).sort(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1))
    for (const line of tableLines(columns, rows)) out.line(line)
  }
  await out.flush()
  return OK
}

async function explain(name: string): Promise<number> {
  const { about, args = [], columns, filter, withContainers } = await load(name)
  const titles = typeof columns === 'function' ? [] : columns.map(({ title }) => title)
  const lines = [
    `usage: sysring run ${[name, ...args.map(arg => arg.name.toUpperCase())].join(' ')} [-i DEV … | -r FILE …] [OPTION …] [FILTER]`, '', `${about}.`, '',
    ...args.map(arg => `  ${arg.name.toUpperCase().padEnd(12)}${arg.about}${arg.default === undefined ? '' : ` (default: ${arg.default})`}`), ...args.length > 0 ? [''] : [],
    ...typeof filter === 'string' ? [`events   ${filter}`] : [],
    `columns  ${titles.join(', ')}${withContainers === undefined ? '' : '; with --containers also those of containers'}`, '', 'sysring run --help for the options',
  ]
  console.log(lines.join('\n'))
  return OK
}

interface PrinterOptions {
  json: boolean
  streams: boolean
  redraws: boolean
  drawing?: Drawing
  args?: ArgumentValues
}

/** Reports as lines. */
class Printer {
  readonly #out: Output
  readonly #json: boolean
  /** Rows go on and on under one head. */
  readonly #streams: boolean
  /** Each table in the place of the one before. */
  readonly #redraws: boolean
  /** A line for each interval in place of a table. */
  readonly #drawing: Drawing | undefined
  readonly #args: ArgumentValues
  #headed = false

  constructor(out: Output, { json, streams, redraws, drawing, args = {} }: PrinterOptions) {
    this.#out = out
    this.#json = json
    this.#streams = streams
    this.#redraws = redraws
    this.#drawing = drawing
    this.#args = args
  }

  print(report: Report, hasIntervals: boolean): void {
    if (this.#json) return this.#objects(report)
    if (this.#drawing !== undefined) return this.#draw(this.#drawing, report)
    const { columns, rows, cut, isLast } = report
    const streams = this.#streams
    // The last report of a running machine is of a piece of an interval; an empty one says nothing.
    if (rows.length === 0 && (streams || (isLast && hasIntervals))) return
    const screen = process.stdout.isTTY === true ? { columns: process.stdout.columns, rows: process.stdout.rows } : { columns: Infinity, rows: Infinity }
    const [head, ...lines] = tableLines(columns, rows, screen.columns)
    if (this.#redraws) this.#out.text.text(REDRAW)
    if (hasIntervals && !streams) this.#out.line(`${new Date(report.fromMs).toISOString()}  ${report.events} events`)
    if (!streams || !this.#headed) this.#out.line(head)
    this.#headed = true
    for (const line of this.#redraws ? lines.slice(0, screen.rows - 3) : lines) this.#out.line(line)
    if (cut > 0) this.#out.line(`${cut} more are not in this table: see --max-keys`)
    if (hasIntervals && !streams && !this.#redraws) this.#out.newline()
  }

  /** In the place of what stood below the line before, which goes one down. */
  #draw({ line, foot }: Drawing, report: Report): void {
    if (this.#headed) this.#out.text.text(ABOVE)
    this.#headed = true
    this.#out.line(line(report, this.#args))
    this.#out.line(foot(this.#args))
  }

  #objects({ columns, rows, fromMs, toMs, cut }: Report): void {
    for (const row of rows) {
      const cells = Object.fromEntries(columns.map(({ name }, i) => [name, typeof row[i] === 'bigint' ? (row[i] <= Number.MAX_SAFE_INTEGER ? Number(row[i]) : String(row[i])) : row[i]]))
      this.#out.line(JSON.stringify({ fromMs, toMs, ...cells }))
    }
    if (cut > 0) this.#out.line(JSON.stringify({ fromMs, toMs, cut }))
  }
}
