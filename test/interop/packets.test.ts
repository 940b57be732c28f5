// timeout: 240
import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { run as analyze, shipped } from '../../lib/analyze/index.js'
import { writeFile } from '../../lib/export/file.js'
import { merge } from '../../lib/merge/merge.js'
import { open } from '../../lib/open.js'
import { folder } from '../helpers/folder.js'
import { tcpdump } from '../helpers/network.js'
import { compile } from '../helpers/program.js'
import { run, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { end, MESSAGES, prepare, speak, type Spoken, type Talk } from '../helpers/talk.js'

const test = suite('packets of analyzers', { needs: ['root', 'bpf', 'btf', 'cc', 'net_raw', 'tcpdump', 'tshark'], timeoutMs: 60_000 })
const { file } = folder()
const talk = compile('talk')
const PORTS = 'portrange 7501-7504'
const TALKS: readonly Talk[] = [
  { proto: 'tcp', address: '127.0.0.1', port: 7501 }, { proto: 'tcp', address: '::1', port: 7502, early: true },
  { proto: 'udp', address: '127.0.0.1', port: 7503 }, { proto: 'udp-connected', address: '::1', port: 7504 },
]

/** Of a process: packets and bytes in and out. */
type Sums = Map<number, { packetsIn: number; packetsOut: number; bytesIn: number; bytesOut: number }>

/** What tshark says of tcpdump's file, with the processes that are known to have these ports. */
async function judge(path: string, spoken: readonly Spoken[]): Promise<Sums> {
  const sums: Sums = new Map(spoken.flatMap(({ serverPid, clientPid }) => [serverPid, clientPid].map(pid => [pid, { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0 }] as const)))
  const { stdout } = await run('tshark', ['-n', '-r', path, '-T', 'fields', '-e', 'frame.len', '-e', 'tcp.srcport', '-e', 'tcp.dstport', '-e', 'udp.srcport', '-e', 'udp.dstport'])
  for (const line of stdout.trimEnd().split('\n')) {
    const [len, tcpFrom, tcpTo, udpFrom, udpTo] = line.split('\t').map(Number)
    const [proto, from, to] = tcpFrom > 0 ? ['tcp', tcpFrom, tcpTo] : ['udp', udpFrom, udpTo]
    const of = spoken.find(talk => talk.proto.startsWith(proto) && [from, to].includes(talk.serverPort) && [from, to].includes(talk.clientPort))!
    const [sender, receiver] = from === of.clientPort ? [of.clientPid, of.serverPid] : [of.serverPid, of.clientPid]
    sums.get(sender)!.packetsOut++
    sums.get(sender)!.bytesOut += len
    sums.get(receiver)!.packetsIn++
    sums.get(receiver)!.bytesIn += len
  }
  for (const [pid, { packetsOut }] of sums) assert.ok(packetsOut >= MESSAGES, `${pid}: ${packetsOut} packets`)
  return sums
}

let recorded: { spoken: readonly Spoken[]; sums: Sums }

test('live, over loopback: the packets and bytes that tcpdump has seen, each of the right process', async () => {
  const running = await prepare(talk, TALKS)
  try {
    const dump = await tcpdump('lo', [PORTS])
    const calls = await open('sysdig:bpf')
    assert.ok(calls.metadata.length > 0) // read now: what is there before anybody speaks
    const written = writeFile(calls, file('talk.scap'))
    const merged = merge([await open('sysdig:bpf', { state: true }), await open('lo', { bpf: PORTS })])
    const sums: Sums = new Map()
    let reports = 0
    const reading = (async () => {
      for await (const { rows } of analyze(await shipped('topprocs_packets'), { on: merged, everyMs: 100 })) {
        reports++
        for (const [, bytesIn, bytesOut, , packetsIn, packetsOut, , pid] of rows as number[][]) {
          const sum = sums.get(pid) ?? { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0 }
          sums.set(pid, { packetsIn: sum.packetsIn + packetsIn, packetsOut: sum.packetsOut + packetsOut, bytesIn: sum.bytesIn + bytesIn, bytesOut: sum.bytesOut + bytesOut })
        }
      }
    })()
    const spoken = await speak(running)
    await new Promise(resolve => setTimeout(resolve, 500))
    merged.stop()
    calls.stop()
    await Promise.all([reading, written])
    await dump.packets()
    recorded = { spoken, sums: await judge(dump.path, spoken) }
    assert.ok(reports > 3, `${reports} reports`)
    assert.equal(sorted(sums), sorted(recorded.sums))
    await run('cp', [dump.path, file('talk.pcap')])
  } finally {
    await end(running)
  }
})

const sorted = (sums: Sums) => [...sums].sort(([a], [b]) => a - b)

/** The command, over the recordings of both. */
async function ofFiles(...more: string[]): Promise<Sums> {
  const { code, stdout, stderr } = await sysring(['run', 'topprocs_packets', '-r', file('talk.scap'), '-r', file('talk.pcap'), '--json', '-q', ...more])
  assert.is(code, 0, stderr)
  return new Map(stdout.trimEnd().split('\n').map(line => JSON.parse(line)).map(row => [row['proc.pid'], {
    packetsIn: row.packets_in, packetsOut: row.packets_out, bytesIn: row.in, bytesOut: row.out,
  }]))
}

test('from files, the same, however many workers', async () => {
  for (const workers of ['1', '2']) assert.equal(sorted(await ofFiles('--workers', workers)), sorted(recorded.sums))
})

test('calls and packets in one analyzer: the same on one thread and on several, with intervals and without', async () => {
  const path = file('both.mjs')
  const add = 'const add = (sums, key, n) => sums.set(key, (sums.get(key) ?? 0) + n)'
  writeFileSync(path, `${add}
  export default {
    name: 'both', about: 'Calls that send, and packets that are sent, by process', filter: 'evt.is_io_write = true and evt.dir = < and proc.name = talk', fields: ['proc.pid'],
    columns: [{ name: 'n', title: 'N', unit: 'count' }, { name: 'what', title: 'What' }],
    start: () => new Map(), event: (sums, ev, [pid]) => add(sums, 'calls ' + pid(ev), 1), packet: (sums, ev) => add(sums, 'packets ' + ev.process?.pid, 1),
    merge: (into, from) => from.forEach((n, key) => add(into, key, n)), report: sums => ({ rows: [...sums].sort().map(([key, n]) => [n, key]) }),
  }`)
  for (const every of [[], ['--every', '0.002']]) {
    const outcomes = await Promise.all(['1', '2', '4'].map(workers => sysring(['run', path, '-r', file('talk.scap'), '-r', file('talk.pcap'), '--json', '-q', '--workers', workers, ...every])))
    const [one, ...others] = outcomes.map(({ code, stdout, stderr }) => {
      assert.is(code, 0, stderr)
      return stdout.trimEnd().split('\n').map(line => JSON.parse(line) as { n: number; what: string; fromMs: number })
    })
    const sum = (what: string) => one.filter(row => row.what === what).reduce((sum, { n }) => sum + n, 0)
    for (const [pid, { packetsOut }] of recorded.sums) assert.is(sum(`packets ${pid}`), packetsOut)
    assert.ok(sum(`calls ${recorded.spoken[0].clientPid}`) >= MESSAGES)
    for (const other of others) assert.equal(other, one)
    if (every.length > 0) assert.ok(new Set(one.map(({ fromMs }) => fromMs)).size > 3)
  }
})

test('a filter of the user is asked about packets', async () => {
  const [{ serverPid, clientPid }] = recorded.spoken
  assert.equal(sorted(await ofFiles('fd.port = 7501')), sorted(recorded.sums).filter(([pid]) => pid === serverPid || pid === clientPid))
})

test('packets of nobody known are told of', async () => {
  const { code, stdout } = await sysring(['run', 'topprocs_packets', '-r', 'examples/trace.scap.gz', '-r', file('talk.pcap'), '--json', '-q'])
  assert.is(code, 0)
  const [row, ...others] = stdout.trimEnd().split('\n').map(line => JSON.parse(line))
  assert.is(others.length, 0)
  const packets = sorted(recorded.sums).reduce((sum, [, { packetsOut }]) => sum + packetsOut, 0)
  assert.equal([row['proc.name'], row['proc.pid'], row.packets, row.packets_in, row.packets_out], ['<NA>', -1, packets, 0, 0])
})

test('system calls or packets alone are refused, with a hint', async () => {
  for (const args of [['-r', file('talk.scap')], ['-r', file('talk.pcap')], ['-i', 'lo']]) {
    const { code, stderr } = await sysring(['run', 'topprocs_packets', ...args])
    assert.is(code, 2, stderr)
    assert.match(stderr, /ERR_CAPTURE_OPTION: topprocs_packets asks for packets .*\nhint: .*-i sysdig -i eth0/)
  }
})
