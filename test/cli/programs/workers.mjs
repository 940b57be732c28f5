/**
 * What analyzers that ship report of recordings on one thread, and on several: the same. Plain JavaScript on the bundle, or with tsx on the
 * sources.
 *
 * Usage: node workers.mjs INDEX ANALYZE FILE…, the modules `sysring` and `sysring/analyze`; writes a line of JSON per analyzer: its name,
 * how many comparisons and reported rows there were, and what differs.
 */
import { isDeepStrictEqual } from 'node:util'

const [index, analyze, ...files] = process.argv.slice(2)
const { openFile } = await import(index)
const { run, shipped, SHIPPED_NAMES } = await import(analyze)

/** Arguments that have no default. */
const GIVEN = { filter: 'evt.type = execve', terminal: 1, host_ip: '127.0.0.1', host_port: 80, seconds: 0.5, min_ms: 0.5 }
const INTERVAL_MS = 5
/** What is about one moment has looked at no events. */
const NOT_COUNTED = { dropped: {} }

/** What is to be the same: a report without intervals is whole, in as many pieces as it may come. */
async function reports(analyzer, file, workers, everyMs) {
  const all = []
  const args = Object.fromEntries((analyzer.args ?? []).map(arg => [arg.name, arg.default ?? GIVEN[arg.name]]))
  for await (const report of run(analyzer, { on: options => openFile(file, options), args, workers, everyMs })) all.push(report)
  const pieces = all.map(({ fromMs, interval, events, cut, rows }) => ({ ...everyMs !== undefined && { fromMs, interval }, events, cut, rows }))
  const whole = { events: sum(pieces, 'events'), cut: sum(pieces, 'cut'), rows: pieces.flatMap(({ rows }) => rows) }
  const { seen, delivered, filtered, dropped } = all.at(-1).stats ?? NOT_COUNTED
  return { reports: everyMs === undefined ? [whole] : pieces, stats: [seen, delivered, filtered, dropped.total], rows: whole.rows.length }
}

const sum = (all, key) => all.reduce((sum, each) => sum + each[key], 0)

for (const name of SHIPPED_NAMES) {
  const analyzer = await shipped(name)
  // Packets have a test of their own: test/interop/packets.test.ts.
  if (analyzer.liveOnly !== undefined || analyzer.event === undefined) continue
  let comparisons = 0
  let rows = 0
  const different = []
  const hasIntervals = analyzer.everyMs === undefined && analyzer.entries === undefined
  for (const [at, file] of files.entries()) {
    for (const everyMs of at === 0 && hasIntervals ? [undefined, INTERVAL_MS] : [undefined]) {
      const one = await reports(analyzer, file, 1, everyMs)
      rows += one.rows
      for (const workers of [2, 4]) {
        comparisons++
        if (!isDeepStrictEqual(await reports(analyzer, file, workers, everyMs), one)) different.push({ file, workers, everyMs })
      }
    }
  }
  console.log(JSON.stringify({ name, comparisons, rows, different }))
}
