// timeout: 240
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { type CaptureError, merge, openFile, writeFile } from '../../lib/index.js'
import { busy } from '../helpers/busy.js'
import { synthetic } from '../helpers/capture.js'
import { folder } from '../helpers/folder.js'
import { PYTHON } from '../helpers/needs.js'
import { ROOT, run, shell, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, traceBytes } from '../helpers/trace.js'

const test = suite('chrome', { timeoutMs: 90_000 })
const { file } = folder()
const SMALL = join(ROOT, 'test/fixtures/small.scap')
const SCHEMA = join(ROOT, 'test/interop/chrome.schema.json')
busy(test)

interface TraceEvent {
  ph: 'X' | 'B' | 'i' | 'M'
  name: string
  cat?: string
  ts: number
  dur: number
  pid: number
  tid: number
  args: Record<string, string | number>
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as TraceEvent[]

/** The events of a file, once the schema has accepted them. */
async function checked(path: string): Promise<TraceEvent[]> {
  const { code, stderr } = await validate(path)
  assert.is(code, 0, stderr)
  return read(path)
}

function validate(path: string) {
  const script = 'import json, jsonschema, sys; jsonschema.Draft7Validator(json.load(open(sys.argv[1]))).validate(json.load(open(sys.argv[2])))'
  return run(PYTHON, ['-c', script, SCHEMA, path])
}

/** No two slices of a thread overlap, but for such as one holds the other. */
function checkNesting(events: readonly TraceEvent[]): void {
  const threads = new Map<number, TraceEvent[]>()
  for (const ev of events) if (ev.ph === 'X') threads.set(ev.tid, [...threads.get(ev.tid) ?? [], ev])
  for (const slices of threads.values()) {
    slices.sort((a, b) => a.ts - b.ts || b.dur - a.dur)
    for (const [i, { ts, tid, name }] of slices.entries()) {
      const before = slices[i - 1]
      if (before !== undefined) assert.ok(ts >= before.ts + before.dur - 0.001, `${name} of ${tid} at ${ts} begins in ${before.name} at ${before.ts}`)
    }
  }
}

/** Of sysdig's lines: calls whose enter and exit event are there, by name. */
async function pairsOf(path: string): Promise<Record<string, number>> {
  const { stdout } = await run('sysdig', ['-r', path, '-p', '%thread.tid %evt.dir %evt.type'])
  const open = new Map<string, string>()
  const pairs: Record<string, number> = {}
  for (const line of stdout.trimEnd().split('\n')) {
    const [tid, dir, type] = line.split(' ')
    // These have no exit event.
    if (['switch', 'procexit', 'signaldeliver', 'page_fault'].includes(type)) continue
    if (dir === '>') open.set(tid, type)
    else {
      if (open.get(tid) === type) pairs[type] = (pairs[type] ?? 0) + 1
      open.delete(tid)
    }
  }
  return pairs
}

const isPair = ({ ph, args }: TraceEvent) => ph === 'X' && args.begun !== 'before the capture' && args.ended !== 'with the thread'

for (const [what, path] of [['examples/trace', TRACE], ['small', SMALL], ['both', join(ROOT, 'test/fixtures/both.scap.gz')]]) {
  test(`${what}: a slice for each enter event with its exit event, as sysdig shows them`, async () => {
    const out = file(`${what.replace('/', '.')}.json`)
    const { code, stderr } = await sysring(['dump', '-r', path, '-w', out])
    assert.is(code, 0, stderr)
    const events = await checked(out)
    const slices: Record<string, number> = {}
    for (const { name } of events.filter(isPair)) slices[name] = (slices[name] ?? 0) + 1
    const pairs = await pairsOf(path)
    assert.ok(Object.keys(pairs).length > 20)
    assert.equal(Object.entries(slices).sort(), Object.entries(pairs).sort())
    checkNesting(events)
  }, { needs: ['sysdig', 'python3-jsonschema'] })
}

test('times, names and arguments are those that sysdig prints', async () => {
  const out = file('args.json')
  await sysring(['dump', '-r', TRACE, '-w', out])
  const events = read(out)
  const begin = BigInt(events[0].args.begin_ns)
  const { stdout } = await run('sysdig', ['-r', TRACE, '-p', '%evt.rawtime %thread.tid %proc.pid %evt.latency %evt.arg.fd', 'evt.type = openat and evt.dir = <'])
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.length > 200)
  const slices = new Map(events.filter(({ ph, name }) => ph === 'X' && name === 'openat').map(slice => [`${Math.round((slice.ts + slice.dur) * 1000)} ${slice.tid}`, slice]))
  for (const line of lines) {
    const [time, tid, pid, latency, fd] = line.split(' ')
    const slice = slices.get(`${BigInt(time) - begin} ${tid}`)
    assert.ok(slice, line)
    assert.equal([slice.pid, Math.round(slice.dur * 1000)], [Number(pid), Number(latency)])
    assert.match(String(slice.args.fd), fd)
  }
  const names = new Map(events.filter(({ ph, name }) => ph === 'M' && name === 'process_name').map(({ pid, args }) => [pid, args.name]))
  assert.ok([...names.values()].includes('httpd') && [...names.values()].includes('work') && ![...names.values()].includes(''))
}, { needs: ['sysdig'] })

test('the schema refuses what is none', async () => {
  const good = { ph: 'X', name: 'a', cat: 'b', ts: 1, dur: 1, pid: 1, tid: 1 }
  for (const [change, isGood] of [[{}, true], [{ dur: undefined }, false], [{ dur: -1 }, false], [{ ts: '1' }, false], [{ ph: 'Q' }, false], [{ pid: 1.5 }, false], [{ args: [] }, false]] as const) {
    writeFileSync(file('bad.json'), JSON.stringify([{ ...good, ...change }]))
    assert.is((await validate(file('bad.json'))).code === 0, isGood, JSON.stringify(change))
  }
}, { needs: ['python3-jsonschema'] })

test('compressed, to standard output, of a filter; and no framing', async () => {
  const out = file('z.json.gz')
  assert.is((await sysring(['dump', '-r', SMALL, '-w', out])).code, 0)
  const whole = JSON.parse(gunzipSync(readFileSync(out)).toString()) as TraceEvent[]
  const { stdout } = await sysring(['dump', '-r', SMALL, '-w', '-', '--format', 'chrome', 'evt.type = read'])
  const some = JSON.parse(stdout) as TraceEvent[]
  assert.is(some.filter(isPair).length, whole.filter(ev => isPair(ev) && ev.name === 'read').length)
  assert.is((await sysring(['dump', '-r', SMALL, '-w', file('x.json'), '--framing', 'ethernet'])).code, 2)
})

test('exit events alone are instants', async () => {
  const out = file('exits.json')
  assert.is((await sysring(['dump', '-r', TRACE, '-w', out, 'evt.dir = <'])).code, 0)
  const events = read(out)
  assert.is(events.filter(({ ph }) => ph === 'X').length, 0)
  assert.ok(events.filter(({ ph }) => ph === 'i').length > 7000)
})

test('a recording that breaks off gives valid JSON of what there was', async () => {
  writeFileSync(file('cut.scap'), traceBytes().subarray(0, 700_000))
  const { code } = await sysring(['dump', '-r', file('cut.scap'), '-w', file('cut.json')])
  assert.is(code, 1)
  assert.ok((await checked(file('cut.json'))).length > 1000)
}, { needs: ['python3-jsonschema'] })

test('a full disk leaves whole events', async () => {
  const { code } = await shell(`ulimit -f 200; trap '' XFSZ; $SYSRING dump -q -r ${TRACE} -w ${file('full.json')}`)
  assert.is(code, 1)
  const text = readFileSync(file('full.json'), 'utf8')
  assert.ok(text.length > 100_000 && statSync(file('full.json')).size <= 200 * 1024)
  assert.ok((JSON.parse(`${text}]`) as TraceEvent[]).length > 500)
})

test('a capture without state is refused', async () => {
  const error: CaptureError = await writeFile(await openFile(SMALL), file('none.json')).then(() => assert.unreachable(), error => error)
  assert.is(error.code, 'ERR_CAPTURE_OPTION')
  assert.is(error.hint, 'open it with { state: true }')
})

test('packets are instants, of their process where it is known', async () => {
  const packets = synthetic([{ ts: 1_700_000_000_000_000_000n, packet: Buffer.alloc(60) }, { ts: 1_700_000_000_000_001_500n, packet: Buffer.alloc(70) }])
  await writeFile(merge([packets]), file('packets.json'))
  const events = read(file('packets.json')).filter(({ ph }) => ph === 'i')
  assert.equal(events.map(({ name, ts, args }) => [name, ts, args.len]), [['packet', 0, 60], ['packet', 1.5, 70]])
})

test('live, ended by Ctrl-C', async () => {
  const out = file('live.json')
  const { code, stderr } = await shell(`$SYSRING dump -w ${out} & sleep 5; kill -INT $!; wait $!`)
  assert.is(code, 0, stderr)
  const events = await checked(out)
  checkNesting(events)
  assert.ok(events.some(ev => isPair(ev) && ev.name === 'openat' && String(ev.args.fd).includes('/etc/hostname')))
}, { needs: ['bpf', 'btf', 'python3-jsonschema'] })
