import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { Capture } from '../iface/capture.js'
import type { Model } from '../top/model.js'
import { integer, number, type Options, parse } from './args.js'
import { footerLines } from './footer.js'
import { SIGNALS } from './interrupt.js'
import { Interrupted, OK, UsageError } from './report.js'
import { LIVE_OPTIONS, openUntil, SOURCE_OPTIONS } from './source.js'

const OPTIONS = {
  ...SOURCE_OPTIONS,
  view: { group: 'Screen', short: 'v', value: 'NAME', choices: ['processes', 'threads', 'connections', 'files', 'containers', 'syscalls', 'errors', 'events'], help: 'the view to begin with (default: processes)' },
  every: { value: 'SECONDS', help: 'length of an interval, and how often the screen is drawn: at least 0.5 (default: 1)' },
  'max-keys': { value: 'N', help: 'keep at most so many rows of an interval; what is beyond is counted (default: 2000)' },
  ...LIVE_OPTIONS,
  quiet: { group: 'Other', short: 'q', help: 'no footer at the end' },
} as const satisfies Options

/** In the sources, and beside the bundle. */
const SCREEN = ['../top/screen.ts', './screen.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** A full-screen program that shows who does what, live or of a file. */
export async function run(args: string[]): Promise<number> {
  const values = parse('top', '[-i DEV … | -r FILE …] [OPTION …] [FILTER]', OPTIONS, args, { takesFilter: true })
  if (values === undefined) return OK
  if (process.stdout.isTTY !== true || process.stdin.isTTY !== true) {
    throw new UsageError(`standard ${process.stdout.isTTY === true ? 'input' : 'output'} is no terminal`, 'sysring run --list for what can be piped, or sysring dump')
  }
  if (values.read?.includes('-') === true) throw new UsageError('a file that is read once for each view cannot be standard input', 'give it a name: sysring top -r FILE')
  const everyMs = (number('--every', values.every, 0.5, 3600) ?? 1) * 1000
  const options = { everyMs, maxKeys: integer('--max-keys', values['max-keys'], 1, 1e6) ?? 2000 }
  const [{ LiveWatch, FileWatch }, top] = await Promise.all([import('../top/watch.js'), import('../top/model.js')])
  const opening = new AbortController()
  let model: Model | undefined
  // For good: where nobody else listens any more, what Ink brings along ends the process at once.
  for (const signal of SIGNALS) process.on(signal, () => (model === undefined ? opening.abort(new Interrupted()) : model.quit()))

  const open = () => openUntil(opening.signal, values, { state: true })
  const changed = () => model?.changed()
  const watch = values.read === undefined
    ? new LiveWatch(await openCalls(open), options, changed)
    : new FileWatch(values.read.map(file => basename(file)).join(' '), open, options, changed)
  const started = performance.now()
  try {
    model = new top.Model(watch, values.view ?? 'processes', values.filter ?? '')
    await display(model)
  } finally {
    watch.close()
  }
  await watch.ended
  const stats = watch.stats()
  if (values.quiet !== true && watch.live && stats !== undefined) for (const line of footerLines(stats, (performance.now() - started) / 1000, false)) console.error(line)
  return OK
}

async function openCalls(open: () => Promise<Capture>): Promise<Capture> {
  const capture = await open()
  if (capture.state !== undefined) return capture
  await capture.close()
  throw new UsageError(`${capture.device} has no system calls`, 'sysring top -i sysdig')
}

/** Has the terminal for itself until somebody leaves, the terminal is gone, or something fails. */
async function display(model: Model): Promise<void> {
  // Ink draws nothing but its last picture where it takes the terminal for the log of a build.
  process.env['CI'] = process.env['CONTINUOUS_INTEGRATION'] = 'false'
  const [{ Terminal, isGone }, { show }] = await Promise.all([import('../top/terminal.js'), import(SCREEN!.href) as Promise<typeof import('../top/screen.js')>])
  let screen: ReturnType<typeof show> | undefined
  const terminal = new Terminal(() => screen?.stop())
  const ended = new Promise<void>((resolve, reject) => {
    const look = () => { if (model.left) resolve() }
    model.subscribe(look)
    look() // it may have been told to before anything was shown
    process.stdin.once('end', resolve)
    for (const stream of [process.stdin, process.stdout]) stream.on('error', error => (isGone(error) ? resolve() : reject(error)))
  })
  try {
    terminal.enter()
    screen = show(model)
    await Promise.race([ended, model.watch.ended, screen.failed])
  } finally {
    terminal.leave()
  }
}
