import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { defineAnalyzer, type Report, run, type RunOptions, shipped, SHIPPED_NAMES, top } from '../../../lib/analyze/index.js'
import { type CaptureError, openFile } from '../../../lib/index.js'
import { folder } from '../../helpers/folder.js'
import { ROOT } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../../helpers/trace.js'

const test = suite('run')
const { file } = folder()

const counter = defineAnalyzer({
  name: 'counter', about: 'How many events', remembers: true,
  columns: [{ name: 'events', title: 'Events' }, { name: 'total', title: 'Total' }, { name: 'before', title: 'Before' }],
  start: () => ({ count: 0, first: Infinity, last: 0 }),
  event(state, ev) {
    const ns = Number(ev.ts)
    state.count++
    state.first = Math.min(state.first, ns)
    state.last = Math.max(state.last, ns)
  },
  merge(into, from) {
    into.count += from.count
    into.first = Math.min(into.first, from.first)
    into.last = Math.max(into.last, from.last)
  },
  report: (state, { total, before }) => ({ rows: [[state.count, total.count, before?.count, state.first, state.last]] }),
})

async function reports(analyzer: Parameters<typeof run>[0], options: Partial<RunOptions> = {}): Promise<Report[]> {
  const all: Report[] = []
  for await (const report of run(analyzer, { on: options => openFile(TRACE, options), ...options })) all.push(report)
  return all
}

async function refused(promise: Promise<unknown>): Promise<CaptureError> {
  try {
    await promise
  } catch (error) {
    return error as CaptureError
  }
  throw new Error('it was not refused')
}

test('one report at the end, of every event', async () => {
  const [report, ...others] = await reports(counter)
  assert.is(others.length, 0)
  assert.ok(report.isLast)
  assert.is(report.events, TRACE_EVENTS)
  assert.is(report.rows[0][0], TRACE_EVENTS)
  assert.is(report.stats?.delivered, TRACE_EVENTS)
})

test('intervals: each event in the one of its own time, none twice', async () => {
  const all = await reports(counter, { everyMs: 100 })
  assert.ok(all.length > 5, `${all.length} intervals`)
  assert.is(all.reduce((sum, { events }) => sum + events, 0), TRACE_EVENTS)
  assert.equal(all.map(({ isLast }) => isLast), all.map((_, i) => i === all.length - 1))
  let total = 0
  let before: unknown
  for (const { fromMs, toMs, events, rows: [[count, sum, last, firstNs, lastNs]] } of all) {
    assert.is(toMs - fromMs, 100)
    assert.is(fromMs % 100, 0)
    assert.ok(Number(firstNs) >= fromMs * 1e6 - 256 && Number(lastNs) < toMs * 1e6 + 256, 'an event of another time')
    assert.is(count, events)
    assert.is(sum, total += events)
    assert.is(last, before)
    before = count
  }
})

test('the interval before one is that before it, also where nothing happened in it', async () => {
  // Of events that are few, so that intervals without any lie between.
  const all = await reports(counter, { everyMs: 10, filter: 'evt.type = execve and evt.dir = <' })
  const gaps = all.filter(({ interval }, i) => i > 0 && interval > all[i - 1].interval + 1)
  assert.ok(gaps.length > 0)
  for (const { rows: [[, , before]] } of gaps) assert.is(before, 0)
})

test('what is beyond maxKeys is counted', async () => {
  const calls = top({ name: 'calls', about: '', category: '', value: 'evt.count', title: '', unit: 'count', by: [['evt.type', 'Call']], top: 1000 })
  const [{ rows, cut }] = await reports(calls, { maxKeys: 5 })
  assert.is(rows.length, 5)
  const [whole] = await reports(calls)
  assert.ok(whole.rows.length > 20 && whole.cut === 0)
  const sum = (rows: Report['rows']) => rows.reduce((sum, [count]) => sum + Number(count), 0)
  assert.is(sum(rows) + cut, sum(whole.rows))
})

test('rows that stand alone come as they are met, and are the same with intervals', async () => {
  const analyzer = await shipped('opensnoop')
  const rows = (await reports(analyzer)).flatMap(({ rows }) => rows)
  assert.ok(rows.length > 100, `${rows.length} rows`)
  const divided = await reports(analyzer, { everyMs: 50 })
  assert.ok(divided.length > 5)
  assert.equal(divided.flatMap(({ rows }) => rows).map(String).sort(), rows.map(String).sort())
})

test('what a thread keeps for itself outlives intervals: a request finds its response in a later one', async () => {
  const analyzer = await shipped('httplog')
  const rows = (await reports(analyzer)).flatMap(({ rows }) => rows)
  assert.ok(rows.length > 10, `${rows.length} rows`)
  const latest = Math.max(...rows.map(row => Number(row[5])))
  assert.ok(latest > 2e6, 'none took longer than an interval')
  assert.equal((await reports(analyzer, { everyMs: 1 })).flatMap(({ rows }) => rows), rows)
  assert.ok((await reports(analyzer, { maxKeys: 1 })).flatMap(({ rows }) => rows).length < rows.length, 'more waited than maxKeys')
})

test('columns for containers, on this thread and on others', async () => {
  const analyzer = await shipped('opensnoop')
  const rowsOf = async (options: Partial<RunOptions>) => (await reports(analyzer, options)).flatMap(({ rows }) => rows)
  const [{ columns }] = await reports(analyzer, { containers: true })
  const alone = await rowsOf({ containers: true })
  assert.equal(columns.slice(0, 4).map(({ name }) => name), ['evt.rawtime', 'container.id', 'container.name', 'proc.name'])
  assert.equal(alone.map(([time, , , ...cells]) => [time, ...cells]), await rowsOf({}))
  assert.equal(await rowsOf({ containers: true, workers: 2 }), alone)
  assert.is((await refused(reports(counter, { containers: true }))).code, 'ERR_CAPTURE_OPTION')
})

test('a filter of the user and one of the analyzer', async () => {
  const of = async (filter?: string) => (await reports(await shipped('topprocs_net'), filter === undefined ? {} : { filter }))[0]
  const all = await of()
  const some = await of('proc.name = httpd or proc.name = nobody')
  assert.ok(some.rows.length > 0 && some.rows.length < all.rows.length)
  assert.equal([...some.rows], all.rows.filter(([, name]) => name === 'httpd'))
})

test('a capture that is open needs state for what is not in the records', async () => {
  const on = await openFile(TRACE)
  const error = await refused(reports(await shipped('topprocs_net'), { on }))
  assert.is(error.code, 'ERR_CAPTURE_OPTION')
  assert.is(error.hint, 'open it with { state: true }')
  await on.close()
  const [of] = await reports(await shipped('topprocs_net'), { on: await openFile(TRACE, { state: true }) })
  assert.equal(of.rows, (await reports(await shipped('topprocs_net')))[0].rows)
})

test('leaving the loop closes the capture', async () => {
  const on = await openFile(TRACE)
  for await (const _ of run(counter, { on, everyMs: 10 })) break
  assert.is((await refused((async () => { for await (const _ of on) break })())).code, 'ERR_CAPTURE_CLOSED')
})

for (const [what, options] of Object.entries({
  'no workers': { workers: 0 }, 'half a worker': { workers: 1.5 }, 'no time': { everyMs: 0 }, 'no keys': { maxKeys: 0 }, 'an unknown argument': { args: { x: 1 } },
  'workers that cannot find it': { workers: 2 },
} satisfies Record<string, Partial<RunOptions>>)) {
  test(`refused: ${what}`, async () => {
    const error = await refused(reports(counter, options))
    assert.is(error.code, 'ERR_CAPTURE_OPTION')
    assert.ok(error.hint)
  })
}

test('refused: arguments that are missing, or out of range', async () => {
  const slower = await shipped('fileslower')
  const wrong: NonNullable<RunOptions['args']>[] = [{}, { min_ms: 'x' }, { min_ms: -1 }, { min_ms: '' }]
  for (const args of wrong) assert.is((await refused(reports(slower, { args }))).code, 'ERR_CAPTURE_OPTION')
  assert.is((await refused(reports(await shipped('httptop'), { args: { by: 'x' } }))).code, 'ERR_CAPTURE_OPTION')
  assert.is((await refused(shipped('topproc_net'))).hint, 'did you mean topprocs_net?')
})

test('what reading throws, run() throws', async () => {
  assert.is((await refused(reports(counter, { on: () => openFile('/nowhere.scap') }))).code, 'ERR_CAPTURE_IO')
  assert.is((await refused(reports(counter, { filter: 'proc.nme = x' }))).code, 'ERR_CAPTURE_FILTER')
})

test('every analyzer is called as it is found, and says what it shows', async () => {
  for (const name of SHIPPED_NAMES) {
    const analyzer = await shipped(name)
    assert.is(analyzer.name, name)
    assert.ok(analyzer.about.length > 10 && !analyzer.about.endsWith('.') && analyzer.category !== undefined, name)
  }
})

test('threads that read a file themselves: what is wrong with it, a loop that takes its time, and one that is left', async () => {
  const whole = join(ROOT, 'test/fixtures/small.scap')
  const cut = file('cut.scap')
  writeFileSync(cut, readFileSync(whole).subarray(0, -7))
  const topscalls = await shipped('topscalls')
  const said = await Promise.all([1, 2].map(workers => refused(reports(topscalls, { workers, on: options => openFile(cut, options) }))))
  assert.equal(said.map(({ code }) => code), ['ERR_CAPTURE_TRUNCATED', 'ERR_CAPTURE_TRUNCATED'])
  assert.is(said[1].message, said[0].message)

  const options: RunOptions = { on: options => openFile(whole, options), everyMs: 1 }
  const expected = await reports(topscalls, options)
  assert.ok(expected.length > 128, `${expected.length} reports`) // far more than may wait
  const found: Report[] = []
  for await (const report of run(topscalls, { ...options, workers: 2 })) {
    if (found.push(report) < 100) await new Promise(resolve => setTimeout(resolve, 5))
  }
  const told = (all: readonly Report[]) => all.map(({ fromMs, events, rows, isLast }) => ({ fromMs, events, rows, isLast }))
  assert.equal(told(found), told(expected))
  const { seen, delivered, dropped, filtered } = found.at(-1)!.stats!
  assert.equal([seen, delivered], [5000, found.reduce((sum, { events }) => sum + events, 0)])
  assert.is(seen, delivered + dropped.total + filtered)
  for await (const _ of run(topscalls, { ...options, workers: 2 })) break

  const given = new AbortController()
  const on: RunOptions['on'] = options => openFile(whole, { ...options, signal: given.signal })
  assert.is((await refused(reports(topscalls, { on, workers: 2, onBegin: () => given.abort(new Error('enough')) }))).message, 'enough')
})
