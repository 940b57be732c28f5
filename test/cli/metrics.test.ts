import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { run, SYSRING, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../helpers/trace.js'

const test = suite('metrics', { timeoutMs: 60_000 })
const { file } = folder()
busy(test)

interface Served {
  url: string
  /** What it has printed so far. */
  rows: Record<string, unknown>[]
  /** Resolves when it has said that. */
  said(text: string): Promise<void>
  /** Ctrl-C; gives the exit code. */
  end(): Promise<number | null>
}

/** `sysring run` with a page on a free port, and with its rows as JSON. */
async function serve(...args: string[]): Promise<Served> {
  const child: ChildProcess = spawn(SYSRING[0], [...SYSRING.slice(1), 'run', ...args, '--metrics', ':0', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close') as Promise<[number | null]>
  const rows: Record<string, unknown>[] = []
  createInterface(child.stdout!).on('line', line => rows.push(JSON.parse(line) as Record<string, unknown>))
  let text = ''
  let look = () => {}
  child.stderr!.on('data', (chunk: Buffer) => { text += chunk; look() })
  const said = (part: string) => new Promise<void>((resolve, reject) => {
    look = () => { if (text.includes(part)) resolve() }
    look()
    void closed.then(() => reject(new Error(`it has ended: ${text}`)))
  })
  await said('/metrics\n')
  const end = async () => {
    child.kill('SIGINT')
    return (await closed)[0]
  }
  return { url: /http:\S+/.exec(text)![0], rows, said, end }
}

/** The page as `name{labels}` → value. */
async function scrape(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text()
  assert.match(text, /# EOF\n$/)
  return new Map(text.split('\n').filter(line => line !== '' && !line.startsWith('#')).map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const of = (page: Map<string, number>, name: string) => new Map([...page].filter(([key]) => key.startsWith(name)).map(([key, value]) => [key.slice(name.length), value]))

test('of a file: its numbers are the report’s, Prometheus collects them, Ctrl-C ends it', async () => {
  const served = await serve('topscalls_time', '-r', TRACE)
  await served.said('stays until Ctrl-C')
  const page = await scrape(served.url)
  const times = of(page, 'sysring_topscalls_time_evt_latency_seconds_total')
  assert.ok(times.size > 30, 'all rows, not only those of a table')
  assert.equal([...times].sort(), served.rows.map(row => [`{evt_type="${row['evt.type'] as string}"}`, Number(row['evt.latency']) / 1e9]).sort())
  assert.is(page.get('sysring_capture_seen_total'), TRACE_EVENTS)
  const { code, stdout } = await run('promtool', ['check', 'metrics'], { input: await (await fetch(served.url)).text() })
  assert.is(code, 0, stdout)

  // The collector itself, which asks for OpenMetrics.
  writeFileSync(file('prometheus.yml'), `scrape_configs: [{ job_name: sysring, scrape_interval: 1s, static_configs: [{ targets: ['${new URL(served.url).host}'] }] }]`)
  const place = '127.0.0.1:19394'
  const prometheus = spawn('prometheus', [`--config.file=${file('prometheus.yml')}`, `--storage.tsdb.path=${file('tsdb')}`, `--web.listen-address=${place}`], { stdio: 'ignore' })
  try {
    let series: { metric: Record<string, string>; value: [number, string] }[] = []
    for (let i = 0; i < 150 && series.length === 0; i++) {
      await sleep(200)
      const answer = await fetch(`http://${place}/api/v1/query?query=sysring_topscalls_time_evt_latency_seconds_total`).then(answer => answer.json()).catch(() => undefined) as { data?: { result: typeof series } } | undefined
      series = answer?.data?.result ?? []
    }
    assert.equal(series.map(({ metric, value: [, value] }) => [`{evt_type="${metric.evt_type}"}`, Number(value)]).sort(), [...times].sort())
  } finally {
    prometheus.kill('SIGTERM')
    await once(prometheus, 'close')
  }
  assert.is(await served.end(), 0)
}, { needs: ['promtool', 'prometheus'] })

for (const workers of ['1', '2']) {
  test(`live, ${workers} thread(s): what is scraped is the sum of the reports up to then, and no counter goes down`, async () => {
    const served = await serve('topprocs_file', '--workers', workers)
    const pages: Map<string, number>[] = []
    // From the first report on.
    while (pages.length < 3) {
      await sleep(1100)
      const page = await scrape(served.url)
      if (page.get('sysring_topprocs_file_events_total')! > 0) pages.push(page)
    }
    assert.is(await served.end(), 0)
    const name = 'sysring_topprocs_file_evt_rawarg_res_bytes_total'
    // After each interval of the printed rows: the sums.
    const sums = new Map<string, number>()
    const after = new Set<string>()
    const text = (sums: Map<string, number>) => JSON.stringify([...sums].sort())
    after.add(text(sums))
    for (const [i, row] of served.rows.entries()) {
      const key = `{proc_name="${row['proc.name'] as string}",proc_pid="${row['proc.pid'] as number}"}`
      sums.set(key, (sums.get(key) ?? 0) + Number(row['evt.rawarg.res']))
      if (row.fromMs !== served.rows[i + 1]?.fromMs) after.add(text(sums))
    }
    assert.ok(after.size > 3, `${after.size} intervals`)
    for (const [i, page] of pages.entries()) {
      assert.ok(after.has(text(of(page, name))), `page ${i} is none of the sums`)
      for (const [key, value] of pages[i - 1] ?? []) if (key.includes('_total')) assert.ok((page.get(key) ?? NaN) >= value, key)
    }
    const [last] = pages.slice(-1)
    assert.ok([...of(last, name).keys()].some(key => key.includes('proc_name="cat"')))
    const capture = (what: string) => last.get(`sysring_capture_${what}`)!
    const dropped = [...of(last, 'sysring_capture_dropped_total').values()].reduce((sum, count) => sum + count, 0)
    assert.ok(capture('seen_total') > 0)
    assert.is(capture('seen_total'), capture('delivered_total') + dropped + capture('filtered_total') + capture('pending'))
  }, { needs: ['bpf', 'btf'] })
}

test('lines are counted', async () => {
  const served = await serve('opensnoop', '-r', TRACE)
  await served.said('stays until Ctrl-C')
  const page = await scrape(served.url)
  assert.is(page.get('sysring_opensnoop_lines_total'), served.rows.length)
  assert.is(await served.end(), 0)
})

test('what is wrong is said', async () => {
  const served = await serve('iobytes', '-r', TRACE)
  const busy = await sysring(['run', 'iobytes', '-r', TRACE, '--metrics', `:${new URL(served.url).port}`])
  assert.is(busy.code, 1)
  assert.match(busy.stderr, /ERR_CAPTURE_BUSY: port \d+ of 127\.0\.0\.1 is in use\nhint: .*ss -ltnp/)
  assert.is(await served.end(), 0)
  for (const place of ['9100', ':x', ':65536', '[::1:9100', 'a:b:1']) assert.is((await sysring(['run', 'iobytes', '-r', TRACE, '--metrics', place])).code, 2, place)
})
