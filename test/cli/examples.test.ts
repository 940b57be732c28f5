import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { busy } from '../helpers/busy.js'
import { example } from '../helpers/examples.js'
import { ip, pair, tcpdump } from '../helpers/network.js'
import { ROOT, run, sysring } from '../helpers/run.js'
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

const LIVE = { needs: ['bpf', 'btf'], timeoutMs: 60_000 }
busy(test)

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
