// timeout: 300
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { busy } from '../helpers/busy.js'
import { example } from '../helpers/examples.js'
import { ip, pair, tcpdump } from '../helpers/network.js'
import { ROOT, run, shell, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('examples')
const lines = (text: string) => text.split('\n').slice(0, -1)

for (const name of readdirSync(join(ROOT, 'examples')).filter(name => name.endsWith('.ts'))) {
  test(`${name} fits on a screen`, () => {
    assert.ok(lines(readFileSync(join(ROOT, 'examples', name), 'utf8')).length <= 40)
  })
}

test('filter.ts prints what the filter lets through, as sysdig', async () => {
  const filter = 'evt.type in (open, openat)'
  const { code, stdout, stderr } = await example('filter.ts', [filter, TRACE])
  assert.is(code, 0, stderr)
  const { stdout: judge } = await run('sysdig', ['-r', TRACE, filter])
  assert.ok(lines(judge).length > 500)
  assert.is(stdout, judge)
}, { needs: ['sysdig'] })

test('filter.ts shows where a filter is wrong', async () => {
  const { code, stderr } = await example('filter.ts', ['proc.name = '])
  assert.is(code, 2)
  assert.match(stderr, /\n {2,}\^.*\nhint: /)
})

test('format.ts prints lines in the format that it is given', async () => {
  const format = '%evt.num %12proc.name|%fd.name'
  const { code, stdout, stderr } = await example('format.ts', [format, TRACE])
  assert.is(code, 0, stderr)
  const { stdout: judge } = await run('sysdig', ['-r', TRACE, '-p', format, 'evt.dir=< and evt.type in (read, write, close)'])
  const printed = new Set(lines(stdout))
  assert.ok(lines(judge).length > 500)
  for (const line of lines(judge)) assert.ok(printed.has(line), line)
}, { needs: ['sysdig'] })

test('ptree.ts shows the processes of a trace', async () => {
  const { code, stdout, stderr } = await example('ptree.ts', [TRACE])
  assert.is(code, 0, stderr)
  assert.match(stdout, /^1 \S+.*\n(?: {2,}\d+ .*\n)+/m)
})

test('ptree.ts shows the processes of this machine', async () => {
  const { code, stdout, stderr } = await example('ptree.ts')
  assert.is(code, 0, stderr)
  assert.match(stdout, new RegExp(`^ *${process.pid} .*node`, 'm'))
}, { needs: ['bpf', 'btf'] })

test('analyzer.ts adds up what is written, by itself and with sysring run', async () => {
  const { code, stdout, stderr } = await example('analyzer.ts', [TRACE])
  assert.is(code, 0, stderr)
  assert.match(stdout, /'\/tmp'/)
  const { stdout: rows } = await sysring(['run', './examples/analyzer.ts', '-r', TRACE, '--json', '-q', '--workers', '2'])
  const sums = lines(rows).map(line => JSON.parse(line) as { bytes: number; directory: string })
  assert.ok(sums.length > 1)
  for (const { bytes, directory } of sums) assert.match(stdout, new RegExp(`${bytes} .*'${directory}'`))
})

test('files.ts lists files opened and not, per process', async () => {
  const { code, stdout, stderr } = await example('files.ts', [TRACE])
  assert.is(code, 0, stderr)
  assert.match(stdout, /^work: \d+ files opened, \d+ not$/m)
  assert.match(stdout, /^ +\d+ {2}\/tmp\/wf0$/m)
  assert.match(stdout, /^ +\d+ {2}\/\S+ \(ENOENT\)$/m)
})

test('sends.ts: the bytes that sysdig counts', async () => {
  const filter = 'fd.rip = 127.0.0.1 and evt.is_io_write = true and evt.dir = <'
  const sums = new Map<string, { calls: number; bytes: number }>()
  for (const line of lines((await run('sysdig', ['-r', TRACE, '-p', '%evt.rawarg.res|%proc.name (%proc.pid)  %fd.l4proto %fd.rip service port %fd.sport', filter])).stdout)) {
    const [bytes, key] = line.split('|')
    const { calls, bytes: before } = sums.get(key) ?? { calls: 0, bytes: 0 }
    sums.set(key, { calls: calls + 1, bytes: before + Number(bytes) })
  }
  assert.ok(sums.size > 20)
  for (const address of ['127.0.0.1', '127.0.0.0/8']) {
    const { code, stdout, stderr } = await example('sends.ts', [address, TRACE])
    assert.is(code, 0, stderr)
    const found = lines(stdout).map(line => /^ *(\d+) bytes +(\d+) calls  (.*)$/.exec(line)!.slice(1))
    assert.equal(found.map(([bytes, calls, key]) => [key, { calls: Number(calls), bytes: Number(bytes) }]).sort(), [...sums].sort())
  }
  assert.is((await example('sends.ts', ['1.2.3', TRACE])).code, 2)
}, { needs: ['sysdig'] })

test('service.ts: a request for each pair of recv and send of the server, as sysdig shows them', async () => {
  const { stdout: judge } = await run('sysdig', ['-r', TRACE, '-p', '%proc.name %evt.dir %evt.is_io_read', 'fd.sport = 8080 and proc.name = httpd and evt.is_io = true and evt.dir = < and evt.rawres > 0'])
  const reads = lines(judge).filter(line => line.endsWith('true')).length
  assert.is(reads, 20)
  const { code, stdout, stderr } = await example('service.ts', ['8080', TRACE])
  assert.is(code, 0, stderr)
  assert.match(stdout, new RegExp(`^${reads} requests to 8080\n`))
  const counts = [...stdout.matchAll(/^ *≤ \d+ µs +(\d+) #+$/gm)].map(([, count]) => Number(count))
  assert.is(counts.reduce((sum, count) => sum + count, 0), reads)
}, { needs: ['sysdig'] })

const LIVE = { needs: ['bpf', 'btf'], timeoutMs: 60_000 }
busy(test)

test('sends.ts, live: bytes that a program is known to send', async () => {
  const running = example('sends.ts', ['127.77.1.2'])
  // More than once: the example does not say when it has begun.
  const sender = shell(`for i in {1..150}; do bash -c 'printf %1000s > /dev/udp/127.77.1.2/7399'; sleep 0.05; done`)
  const { code, stdout, stderr } = await running
  assert.is(code, 0, stderr)
  const rows = [...stdout.matchAll(/^ *(\d+) bytes +(\d+) calls  bash \(\d+\)  udp 127\.77\.1\.2 service port 7399$/gm)]
  assert.ok(rows.length > 5, stdout)
  for (const [, bytes, calls] of rows) assert.equal([bytes, calls], ['1000', '1'])
  await sender
}, LIVE)

test('timeline.ts: a request and its answer, with cause before effect', async () => {
  const { code, stdout, stderr } = await example('timeline.ts')
  assert.is(code, 0, stderr)
  const steps = [/client > connect/, /client → server {2}74 bytes/, /server < accept/, /client > write/, /client → server.*GET \/ HTTP\/1\.1/, /server < read/, /server > write/, /server → client.*HTTP\/1\.1 200 OK/, /client < read/]
  const at = steps.map(step => lines(stdout).findIndex(line => step.test(line)))
  assert.ok(!at.includes(-1), stdout)
  assert.equal(at, [...at].sort((a, b) => a - b), stdout)
}, { ...LIVE, needs: [...LIVE.needs, 'net_raw'] })

test('threads.ts counts processes on two threads', async () => {
  const { code, stdout, stderr } = await example('threads.ts')
  assert.is(code, 0, stderr)
  assert.match(stdout, /^\d+ seen: \d+ placed, \d+ dropped; \d+ placed, \d+ dropped\n/)
  assert.match(stdout, /^ +\d+ \S+ .*\(\d+\)$/m)
}, LIVE)

test('processes.ts: each process reads its queue to the end', async () => {
  const { code, stdout, stderr } = await example('processes.ts')
  assert.is(code, 0, stderr)
  const placed = [...stdout.matchAll(/(\d+) placed/g)].map(([, count]) => Number(count))
  for (const queue of [0, 1]) assert.match(stdout, new RegExp(`@${queue}: ${placed[queue]} events of \\d+ threads`))
}, LIVE)

test('tcpdump.ts: tcpdump counts what was placed', async () => {
  const { code, stdout, stderr } = await example('tcpdump.ts')
  assert.is(code, 0, stderr)
  const of = (queue: number, what: string) => new RegExp(`@${queue}: (\\d+) ${what}`).exec(stdout)?.[1]
  for (const queue of [0, 1]) assert.is(of(queue, 'packets'), of(queue, 'placed'))
}, { ...LIVE, needs: [...LIVE.needs, 'tcpdump'] })

test('stages.ts: its stages account for every event', async () => {
  const { code, stdout, stderr } = await example('stages.ts')
  assert.is(code, 0, stderr)
  const counts = [...stdout.matchAll(/: (\d+) seen = (\d+) passed \+ (\d+) refused \+ (\d+) dropped$/gm)].map(([, ...numbers]) => numbers.map(Number))
  assert.is(counts.length, 2)
  for (const [seen, passed, refused, dropped] of counts) assert.is(seen, passed + refused + dropped)
  assert.is(counts[1][0], counts[0][1])
}, LIVE)

test('egress.ts: what the stage passes goes out of the interface', async () => {
  const net = pair()
  try {
    ip('link', 'set', net.near, 'mtu', '65535')
    const judge = await tcpdump(net.near, ['ether', 'proto', '0x88b5'])
    const { code, stdout, stderr } = await example('egress.ts', [net.near])
    assert.is(code, 0, stderr)
    const sent = Number(/^(\d+) frames/m.exec(stdout)?.[1])
    assert.ok(sent > 10, stdout)
    assert.match(stdout, `= ${sent} passed + `)
    assert.is((await judge.packets()).length, sent)
  } finally {
    net.remove()
  }
}, { ...LIVE, needs: [...LIVE.needs, 'ip', 'tcpdump'] })
