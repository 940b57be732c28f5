import * as assert from 'uvu/assert'
import { type Column, Metrics, type Report, type Row, serveMetrics } from '../../../lib/analyze/index.js'
import type { CaptureError } from '../../../lib/index.js'
import { labelsText, negotiate, pageText, type Syntax } from '../../../lib/metrics/exposition.js'
import { PYTHON } from '../../helpers/needs.js'
import { run } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'

const test = suite('metrics')

const COLUMNS: readonly Column[] = [
  { name: 'evt.rawarg.res', title: 'Bytes', unit: 'bytes' }, { name: 'took', title: 'Time', unit: 'ns' }, { name: 'in', title: 'In', unit: 'bytes', over: 'run' },
  { name: 'share', title: 'Share', unit: 'percent' }, { name: 'proc.name', title: 'Process' }, { name: 'proc_name', title: 'Another' }, { name: '1st', title: 'PID' },
]
/** What a process may call itself. */
const NASTY = ['"', '\\', '\n', 'a\\"b\\n', '\r\t\x7f', '{a="b"} 1', '# EOF', 'é漢🦀', '\ud800', 'a\0b', ' ', '%s', '\u2028']

const report = (rows: readonly Row[], more: Partial<Report> = {}): Report =>
  ({ analyzer: 'x', columns: COLUMNS, rows, fromMs: 0, toMs: 1, interval: 0, events: rows.length, cut: 0, isLast: false, ...more })
const row = (amount: number, name: string, pid = 1): Row => [amount, amount * 1e9, amount, 50, name, '', pid]
const page = (metrics: Metrics, syntax: Syntax = 'openmetrics') => pageText(metrics.families(), syntax)
const about = { name: 'my-Analyzer', about: 'A "quoted" \\ back\nslash' }

/** The values of a family, by what stands before them. */
function values(metrics: Metrics, name: string): Record<string, number> {
  return Object.fromEntries(page(metrics).split('\n').filter(line => line.startsWith(name)).map(line => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

test('what happened in an interval is added up, what stands is as it stands', () => {
  const metrics = new Metrics(about)
  metrics.add(report([row(3, 'a'), row(2, 'b')], { cut: 2 }))
  metrics.add(report([[10, undefined, 5, 25, 'a', '', 1]]))
  assert.equal(values(metrics, 'sysring_my_analyzer_evt_rawarg_res_bytes_total'), { '{proc_name="b",_1st="1"}': 2, '{proc_name="a",_1st="1"}': 13 })
  assert.is(values(metrics, 'sysring_my_analyzer_took_seconds_total')['{proc_name="a",_1st="1"}'], 3)
  assert.is(values(metrics, 'sysring_my_analyzer_in_bytes_total')['{proc_name="a",_1st="1"}'], 5)
  assert.equal(values(metrics, 'sysring_my_analyzer_share_ratio'), { '{proc_name="a",_1st="1"}': 0.25 })
  assert.equal(values(metrics, 'sysring_my_analyzer_cut_total'), { '': 2 })
  assert.equal(values(metrics, 'sysring_my_analyzer_events_total'), { '': 3 })
})

test('counters never go down', () => {
  const metrics = new Metrics(about)
  for (const amount of [5, 1, -3, 0]) metrics.add(report([row(amount, 'a')]))
  assert.equal(Object.values(values(metrics, 'sysring_my_analyzer_evt_rawarg_res_bytes_total')), [6])
  assert.equal(Object.values(values(metrics, 'sysring_my_analyzer_in_bytes_total')), [5])
})

test('series are bounded: the one that has not grown for the longest time gives way, and that is said', () => {
  const metrics = new Metrics(about, { maxSeries: 3 })
  metrics.add(report([row(5, 'a'), row(4, 'b'), row(3, 'c'), row(2, 'd')]))
  assert.equal(Object.keys(values(metrics, 'sysring_my_analyzer_evt_rawarg_res_bytes_total')).sort(), ['a', 'b', 'c'].map(name => `{proc_name="${name}",_1st="1"}`))
  metrics.add(report([row(1, 'c')]))
  metrics.add(report([row(1, 'e')]))
  assert.equal(Object.keys(values(metrics, 'sysring_my_analyzer_evt_rawarg_res_bytes_total')).sort(), ['a', 'c', 'e'].map(name => `{proc_name="${name}",_1st="1"}`))
  assert.equal(values(metrics, 'sysring_my_analyzer_evicted_series_total'), { '': 2 })
})

test('lines are counted, and are no series', () => {
  const metrics = new Metrics({ ...about, streams: true })
  metrics.add(report([row(1, 'a'), row(1, 'b')]))
  assert.equal(values(metrics, 'sysring_my_analyzer_lines_total'), { '': 2 })
  assert.not.match(page(metrics), 'proc_name')
})

test('promtool accepts the page, whatever processes call themselves', async () => {
  const { code, stdout, stderr } = await run('promtool', ['check', 'metrics'], { input: page(nasty(), 'prometheus') })
  assert.is(code, 0, stdout + stderr)
  assert.is(stdout + stderr, '')
  const broken = page(nasty(), 'prometheus').replace('\\"', '"')
  assert.is.not((await run('promtool', ['check', 'metrics'], { input: broken })).code, 0)
}, { needs: ['promtool'] })

test('Prometheus’ own reader of OpenMetrics finds every label and value again', async () => {
  const script = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps([[f.name, f.type, f.unit, [[s.name, s.labels, s.value] for s in f.samples]] for f in text_string_to_metric_families(sys.stdin.buffer.read().decode())]))`
  const { code, stdout, stderr } = await run(PYTHON, ['-c', script], { input: page(nasty()) })
  assert.is(code, 0, stderr)
  const families = JSON.parse(stdout) as [string, string, string, [string, Record<string, string>, number][]][]
  const [name, type, unit, samples] = families.find(([name]) => name.endsWith('res_bytes'))!
  assert.equal([name, type, unit], ['sysring_my_analyzer_evt_rawarg_res_bytes', 'counter', 'bytes'])
  const found = Object.fromEntries(samples.map(([, labels, value]) => [labels.proc_name, value]))
  assert.equal(found, Object.fromEntries(NASTY.map((name, i) => [name.replace(/\0|\ud800/, '\ufffd'), i + 1])))
}, { needs: ['python3-prometheus-client'] })

function nasty(): Metrics {
  const metrics = new Metrics(about)
  const stats = { seen: 5, delivered: 3, dropped: { total: 3, buffer: 1, page_fault: 1 }, filtered: 0, pending: 0, late: 0, perCpu: [] }
  metrics.add(report(NASTY.map((name, i) => row(i + 1, name)), { stats }))
  return metrics
}

test('labels that are empty are left out', () => {
  assert.is(labelsText(['a', 'b'], ['', 'x']), '{b="x"}')
  assert.is(labelsText(['a'], ['']), '')
})

test('OpenMetrics for who asks for it', () => {
  const cases: [string | undefined, Syntax][] = [
    [undefined, 'prometheus'], ['*/*', 'prometheus'], ['text/plain', 'prometheus'], ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1', 'prometheus'], ['application/openmetrics-text;q=0.2, text/plain;q=0.9', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'], ['application/openmetrics-text;q=x', 'prometheus'], [';;,=', 'prometheus'],
  ]
  for (const [accept, syntax] of cases) assert.is(negotiate(accept), syntax, accept)
})

test('over HTTP: one page, to be read only', async () => {
  await using server = await serveMetrics(nasty(), { port: 0 })
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  const page = await fetch(server.url)
  assert.is(page.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await page.text()
  assert.match(text, /^sysring_capture_dropped_total\{cause="other"\} 1$/m)
  const openmetrics = await fetch(server.url, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })
  assert.is(openmetrics.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  assert.match(await openmetrics.text(), /\n# EOF\n$/)
  const head = await fetch(server.url, { method: 'HEAD' })
  assert.equal([head.status, head.headers.get('content-length'), await head.text()], [200, String(Buffer.byteLength(text)), ''])
  const post = await fetch(server.url, { method: 'POST', body: 'x' })
  assert.equal([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
  assert.is((await fetch(server.url.replace('metrics', 'metricsx'))).status, 404)
  assert.is((await fetch(`${server.url}?x=1`)).status, 200)
})

test('refused: a port in use, a host of somebody else, a port that is none', async () => {
  await using server = await serveMetrics(nasty(), { port: 0 })
  const port = Number(new URL(server.url).port)
  const cases: [{ port: number; host?: string }, string][] = [
    [{ port }, 'ERR_CAPTURE_BUSY'], [{ port: 0, host: '192.0.2.1' }, 'ERR_CAPTURE_OPTION'], [{ port: 65536 }, 'ERR_CAPTURE_OPTION'],
  ]
  for (const [options, code] of cases) {
    const error: CaptureError = await serveMetrics(nasty(), options).then(() => assert.unreachable(), error => error)
    assert.is(error.code, code)
    assert.ok(error.hint)
  }
})
