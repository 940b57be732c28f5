import type { Analyzer, ArgumentValues } from '../analyze/analyzer.js'
import { checkArguments } from '../analyze/arguments.js'
import type { Report } from '../analyze/report.js'
import { integer, number, type Options, parse } from './args.js'
import { lossText } from './footer.js'
import { SIGNALS } from './interrupt.js'
import { listenPlace, MetricsPage } from './metricspage.js'
import { Output } from './output.js'
import { Picture } from './picture.js'
import { percentText, readingPosition } from './position.js'
import { Printer } from './printer.js'
import { Progress } from './progress.js'
import { isBrokenPipe, OK, UsageError } from './report.js'
import { ReportLog } from './reportlog.js'
import { LIVE_OPTIONS, openSource, SOURCE_OPTIONS } from './source.js'
import { tableLines } from './table.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  every: { group: 'Analysis', value: 'SECONDS', help: 'report every so many seconds of the events\' own time (default: live 1, of files and of what is about a whole capture once, at the end)' },
  workers: { value: 'N', help: 'share the work among so many threads (default: 1)' },
  'max-keys': { value: 'N', help: 'keep at most so many keys or lines; what is beyond is counted (default: 100000)' },
  rows: { value: 'N', help: 'at most so many rows, of analyzers that show only the largest (default: their own number; with --metrics: all)' },
  containers: { short: 'c', help: 'with columns that tell containers apart, where the analyzer has such' },
  print: { short: 'p', value: 'FORMAT', choices: ['c', 'container'], help: '-pc is --containers, as sysdig has it' },
  ...LIVE_OPTIONS,
  json: { group: 'Output', help: 'one JSON object per row' },
  metrics: { value: '[HOST]:PORT', help: 'serve the numbers at http://HOST:PORT/metrics, as OpenMetrics and for Prometheus, instead of printing them (default HOST: 127.0.0.1; --max-keys series at most, default: 10000)' },
  log: { value: 'FILE', help: 'append what is shown to this file as well; proctraffic does so without being asked, to Log_<date>_<time> of the run\'s beginning in the current directory' },
  'no-log': { help: 'write no such file' },
  svg: { value: 'FILE', help: 'also as a picture, of analyzers that have one' },
  quiet: { short: 'q', help: 'no footer' },
  list: { group: 'Other', short: 'l', help: 'list the analyzers; --json for programs' },
} as const satisfies Options

const SYNOPSIS = 'NAME [ARGUMENT …] [-i DEV … | -r FILE …] [--every S] [--workers N] [OPTION …] [FILTER]'

/** Runs an analyzer, one of those that come with the library or one of the user's own. */
export async function run(args: string[]): Promise<number> {
  const help = args.find(arg => arg === '--help' || arg === '-h')
  if (help !== undefined && args[0] !== help) return explain(args[0])
  const values = parse('run', SYNOPSIS, OPTIONS, args, { takesOperands: true })
  if (values === undefined) return OK
  if (values.list === true) return list(values.json === true)
  const [name, ...others] = values.operands ?? []
  if (name === undefined) throw new UsageError('which analyzer is to be run?', 'sysring run --list')
  const analyzer = await load(name)
  const containers = values.containers === true || values.print !== undefined
  if (containers && analyzer.withContainers === undefined) throw new UsageError(`${name} has no columns for containers`, 'leave --containers out')
  const own = analyzer.args ?? []
  const filter = others.slice(own.length).join(' ')
  const live = values.read === undefined
  const every = number('--every', values.every, 0.001)
  if (every !== undefined && analyzer.entries !== undefined) throw new UsageError(`${name} is about one moment, and has no intervals`, 'leave --every out')
  if (every !== undefined && analyzer.everyMs !== undefined) throw new UsageError(`how long an interval is, an argument of ${name} says`, 'leave --every out')
  const isAtOnce = analyzer.streams === true || analyzer.whole === true || analyzer.entries !== undefined
  const place = values.metrics === undefined ? undefined : listenPlace(values.metrics)
  const everyMs = every !== undefined ? every * 1000 : live && (!isAtOnce || (place !== undefined && analyzer.entries === undefined)) ? 1000 : undefined
  const hasIntervals = everyMs !== undefined || analyzer.everyMs !== undefined
  const given = argumentsOf(analyzer, others)
  const { drawing } = analyzer
  if (values.svg !== undefined && drawing === undefined) throw new UsageError(`${name} has no picture`, 'leave --svg out')
  const maxKeys = integer('--max-keys', values['max-keys'], 1, 2 ** 24)
  const rows = integer('--rows', values.rows, 1, 2 ** 24)
  if (values.log !== undefined && values['no-log'] === true) throw new UsageError('--log and --no-log are both given', 'leave one of them out')
  const log = values.log !== undefined || (analyzer.logged === true && values['no-log'] !== true) ? new ReportLog(values.log, new Date()) : undefined
  const picture = values.svg === undefined ? undefined : new Picture(values.svg, drawing!, given)
  const stop = new AbortController()
  for (const signal of SIGNALS) process.once(signal, () => stop.abort())

  const { run } = await import('../analyze/run.js')
  await using page = place === undefined ? undefined : await MetricsPage.open(analyzer, place, maxKeys)
  const out = new Output()
  const look = { json: values.json === true, streams: analyzer.streams === true, hasIntervals, text: (containers ? analyzer.withContainers! : analyzer).text }
  const isTerminal = process.stdout.isTTY === true
  const printer = new Printer(out, {
    ...look, ...(isTerminal && { screen: process.stdout, draw: drawing && { drawing, args: given } }),
    redraws: live && isTerminal && hasIntervals && analyzer.streams !== true,
  })
  const logger = log && new Printer(log, look)
  let last: Report | undefined
  // What prints as it goes shows that it does.
  using progress = new Progress(percentOf(values.read), !live && process.stderr.isTTY === true && !look.streams && !hasIntervals)
  try {
    for await (const report of run(analyzer, {
      on: async options => {
        const capture = await openSource(values, options)
        if (log !== undefined) await begin(log).catch(error => capture.close().then(() => { throw error }))
        return capture
      },
      containers,
      args: given,
      workers: integer('--workers', values.workers, 1, 64) ?? 1,
      signal: stop.signal,
      ...(filter !== '' && { filter }), ...(everyMs !== undefined && { everyMs }), ...(maxKeys !== undefined && { maxKeys }),
      ...page === undefined ? rows !== undefined && { rows } : { rows: rows ?? page.maxSeries },
    })) {
      progress[Symbol.dispose]()
      page?.metrics.add(report)
      picture?.add(report)
      logger?.print(report)
      await log?.flush()
      if (page === undefined || values.json === true) printer.print(report)
      await out.flush()
      last = report
    }
    if (!live) await page?.stay(stop.signal)
  } catch (error) {
    if (!isBrokenPipe(error)) throw error
  } finally {
    await log?.close()
  }
  picture?.save()
  if (picture !== undefined && picture.cut > 0) console.error(`sysring: ${picture.cut} more intervals are not in the picture`)
  if (values.quiet !== true && last?.stats !== undefined) console.error(lossText(last.stats.dropped, last.stats.seen))
  return OK
}

/** How much of the first file is read: nothing of one that has not been opened yet. */
function percentOf([path]: readonly string[] = []): () => string {
  let position: ReturnType<typeof readingPosition>
  return () => (path === undefined ? '' : percentText(position ??= readingPosition(path)).replace(', ', ''))
}

/** Nothing is written that is not said. */
async function begin(log: ReportLog): Promise<void> {
  await log.open()
  console.error(`appending to ${log.path}`)
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
  if (analyzer === undefined || typeof (analyzer.event ?? analyzer.packet) !== 'function') throw new UsageError(`${name} has no analyzer as its default export`, 'export default defineAnalyzer({ … })')
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
  const { about, args = [], columns, filter, withContainers, logged } = await load(name)
  const defaults = Object.fromEntries(args.map(arg => [arg.name, arg.default ?? '']))
  const titles = (typeof columns === 'function' ? columns(defaults) : columns).map(({ title }) => title)
  const lines = [
    `usage: sysring run ${[name, ...args.map(arg => arg.name.toUpperCase())].join(' ')} [-i DEV … | -r FILE …] [OPTION …] [FILTER]`, '', `${about}.`, '',
    ...args.map(arg => `  ${arg.name.toUpperCase().padEnd(12)}${arg.about}${arg.default === undefined ? '' : ` (default: ${arg.default})`}`), ...args.length > 0 ? [''] : [],
    ...typeof filter === 'string' ? [`events   ${filter}`] : [],
    `columns  ${titles.join(', ')}${withContainers === undefined ? '' : '; with --containers also those of containers'}`,
    ...logged === true ? ['file     appends what it shows to Log_<date>_<time> in the current directory, as Log_2026-11-21_20-06-56: the local time at which the run',
      '         began. Only its owner may read it. --log FILE for another file, --no-log for none'] : [], '', 'sysring run --help for the options',
  ]
  console.log(lines.join('\n'))
  return OK
}
