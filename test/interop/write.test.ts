/** What other programs say of the files that we write: tshark, tcpdump, capinfos, sysdig, pcap-parser and cap. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { writeFile, type WriteFileOptions } from '../../lib/export/file.js'
import { encodeSnapshot } from '../../lib/export/metadata.js'
import { openFile } from '../../lib/iface/file/open.js'
import { snapshot } from '../../lib/export/metadata.js'
import { readSnapshot } from '../../lib/state/snapshot.js'
import { SyntheticCapture, synthetic, type SyntheticPacket, type SyntheticRecord } from '../helpers/capture.js'
import { record } from '../helpers/record.js'
import { suite } from '../helpers/suite.js'

const test = suite('written files, judged by others')
const require = createRequire(import.meta.url)
const dir = mkdtempSync(join(tmpdir(), 'sysring-write-'))
test.after(() => rmSync(dir, { recursive: true }))

const START = 1_700_000_000_123_456_789n
const COUNT = 500

/** Pairs of openat and close of a process that no snapshot knows; the last digits of all times differ. */
const RECORDS: SyntheticRecord[] = Array.from({ length: COUNT }, (_, i) => {
  const ts = START + BigInt(i) * 10_000_001n
  const tid = 1000 + i % 3
  const name = `/tmp/${'x'.repeat(i % 200)}`
  const bytes = [
    () => record({ type: 306, ts, tid, params: [-100, name, 1, 0] }),
    () => record({ type: 307, ts, tid, params: [3, -100, name, 1, 0, 0x801] }),
    () => record({ type: 4, ts, tid, params: [3] }),
    () => record({ type: 5, ts, tid, params: [0] }),
  ][i % 4]()
  return { bytes, cpu: i % 5 }
})
const TIMES = RECORDS.map(({ bytes }) => seconds(Buffer.from(bytes).readBigUInt64LE(0)))

function seconds(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`
}

function run(program: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, TZ: 'UTC' } })
  assert.is(status, 0, `${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

async function written(name: string, options: WriteFileOptions = {}, source = synthetic(RECORDS)): Promise<string> {
  const path = join(dir, name)
  await writeFile(source, path, options)
  return path
}

const FRAMED: [name: string, options: WriteFileOptions][] = [
  ['ethernet.pcapng', {}],
  ['ethernet-64.pcapng', { snaplen: 64 }],
  ['comments.pcapng', { comments: true }],
  ['user0.pcapng', { framing: 'user0' }],
  ['ethernet.pcap', {}],
  ['ethernet-64.pcap', { snaplen: 64 }],
  ['user0.pcap', { framing: 'user0' }],
  ['us.pcap', { precision: 'us' }],
]

for (const [name, options] of FRAMED) {
  const times = options.precision === 'us' ? TIMES.map((time) => time.slice(0, -3)) : TIMES
  const header = options.framing === 'user0' ? 4 : 18
  const lengths = RECORDS.map(({ bytes }) => bytes.length + header)

  test(`${name}: tshark reads every frame with its time and lengths`, async () => {
    const path = await written(name, options)
    const fields = lines(run('tshark', '-r', path, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len', '-e', 'frame.cap_len', '-e', 'frame.protocols'))
    assert.is(fields.length, COUNT)
    fields.forEach((line, i) => {
      const [time, length, caplen, protocols] = line.split('\t')
      assert.is(time.slice(0, times[i].length), times[i])
      assert.is(Number(length), lengths[i])
      assert.is(Number(caplen), Math.min(lengths[i], options.snaplen ?? 262144))
      assert.is(protocols, options.framing === 'user0' ? 'user_dlt:data' : 'eth:ethertype:data')
    })
    assert.is(run('tshark', '-r', path, '-Y', '_ws.malformed || _ws.short'), '')
  }, { needs: ['tshark'] })

  test(`${name}: tcpdump reads every frame with its time`, async () => {
    const path = await written(name, options)
    const nano = lines(run('tcpdump', '-r', path, '-tt', '-n', '--time-stamp-precision=nano')).filter((line) => !line.startsWith('\t'))
    assert.is(nano.length, COUNT)
    nano.forEach((line, i) => assert.is(line.split(' ')[0].slice(0, times[i].length), times[i]))
    if (options.framing !== 'user0') {
      assert.is(lines(run('tcpdump', '-r', path, '-tt', '-q', 'ether proto 0x88b5 and ether[14] = 1')).filter((line) => !line.startsWith('\t')).length, COUNT)
      const enters = lines(run('tcpdump', '-r', path, '-tt', '-q', 'ether src 02:73:79:73:00:01')).filter((line) => !line.startsWith('\t'))
      assert.is(enters.length, COUNT / 2)
    }
  }, { needs: ['tcpdump'] })

  test(`${name}: capinfos agrees`, async () => {
    const path = await written(name, options)
    const info = run('capinfos', '-M', path)
    assert.match(info, new RegExp(`Number of packets: +${COUNT}\\b`))
    assert.match(info, new RegExp(`Data size: +${lengths.reduce((sum, length) => sum + length, 0)} bytes`))
    assert.match(info, options.framing === 'user0' ? /encapsulation: +user0/ : /encapsulation: +ether/)
    assert.match(info, options.precision === 'us' ? /microseconds/ : /nanoseconds/)
    assert.match(info, /Strict time order: +True/)
    if (name.endsWith('pcapng')) assert.match(info, /Capture application: +sysring/)
  }, { needs: ['capinfos'] })
}

test('comments are comments for tshark', async () => {
  const path = await written('comments.pcapng', { comments: true })
  const comments = lines(run('tshark', '-r', path, '-T', 'fields', '-e', 'frame.comment'))
  assert.equal(comments.slice(0, 3), ['> openat tid=1000', '< openat tid=1001', '> close tid=1002'])
}, { needs: ['tshark'] })

test('records and packets of a NIC in one file: tcpdump and tshark read both', async () => {
  const udp = Buffer.from('ffffffffffff' + '020000000001' + '0800' + '4500001c000000004011' + '7ccf' + '7f0000017f000001' + '1388138900080000', 'hex')
  const packet: SyntheticPacket = { ts: START + 5n, packet: udp, iface: 1 }
  const interfaces = [{ name: 'sysdig', linktype: 147, snaplen: 0 }, { name: 'eth0', linktype: 1, snaplen: 0 }]
  const path = await written('mixed.pcapng', {}, synthetic([RECORDS[0], packet, RECORDS[1]], { interfaces }))
  assert.equal(lines(run('tcpdump', '-r', path, '-n', '-q', '-t', 'udp')), ['IP 127.0.0.1.5000 > 127.0.0.1.5001: UDP, length 0'])
  assert.equal(lines(run('tshark', '-r', path, '-T', 'fields', '-e', 'frame.interface_name')), ['sysdig', 'eth0', 'sysdig'])
}, { needs: ['tshark', 'tcpdump'] })

test('pcap-parser and the decoders of cap read the microsecond file', async () => {
  const path = await written('us.pcap', { precision: 'us' })
  const { decoders: { Ethernet } } = require('cap') as { decoders: { Ethernet(bytes: Buffer): { info: { type: number; dstmac: string } } } }
  const parser = (require('pcap-parser') as { parse(path: string): NodeJS.EventEmitter }).parse(path)
  const packets: { header: Record<string, number>; data: Buffer }[] = []
  parser.on('packet', (packet) => packets.push(packet))
  await once(parser, 'end')
  assert.is(packets.length, COUNT)
  packets.forEach(({ header, data }, i) => {
    assert.is(`${header.timestampSeconds}.${String(header.timestampMicroseconds).padStart(6, '0')}`, TIMES[i].slice(0, -3))
    assert.is(header.originalLength, RECORDS[i].bytes.length + 18)
    assert.is(Ethernet(data).info.type, 0x88b5)
    assert.is(Buffer.compare(data.subarray(18), RECORDS[i].bytes), 0)
  })
})

const DISSECTED: [name: string, options: WriteFileOptions][] = [
  ['events.scap', {}], ['events.scap.gz', {}], ['events.pcapng', { framing: 'scap' }],
]

for (const [name, options] of DISSECTED) {
  test(`${name}: tshark dissects every event`, async () => {
    const path = await written(name, options)
    const fields = lines(run('tshark', '-r', path, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'sysdig.event_type', '-e', 'sysdig.thread_id', '-e', 'sysdig.cpu_id', '-e', 'sysdig.event_len'))
    assert.equal(fields, RECORDS.map(({ bytes, cpu }, i) =>
      [TIMES[i], [306, 307, 4, 5][i % 4], 1000 + i % 3, cpu, bytes.length].join('\t')))
  }, { needs: ['tshark'] })

  test(`${name}: sysdig reads every event`, async () => {
    const path = await written(name, options, synthetic(RECORDS, { metadata: snapshot() }))
    const printed = lines(run('sysdig', '-r', path, '-p', '%evt.num %evt.rawtime %evt.cpu %thread.tid %evt.dir %evt.type'))
    assert.equal(printed, RECORDS.map(({ cpu }, i) =>
      `${i + 1} ${TIMES[i].replace('.', '')} ${cpu} ${1000 + i % 3} ${'><'[i % 2]} ${['openat', 'openat', 'close', 'close'][i % 4]}`))
  }, { needs: ['sysdig'] })
}

test('events.pcapng: tcpdump opens it, with statistics and all', async () => {
  const path = await written('events.pcapng', { framing: 'scap' }, synthetic(RECORDS, { metadata: snapshot() }))
  assert.is(run('tcpdump', '-r', path, '-n'), '')
}, { needs: ['tcpdump'] })

test('two sections, each with processes of its own', async () => {
  const at = (seed: string) => {
    const threads = readSnapshot().threads.slice(0, 1).map((thread) => ({ ...thread, tid: 1000, pid: 1000, vtid: 1000, vpid: 1000, comm: seed }))
    return encodeSnapshot({ ...readSnapshot(), threads, fds: [] })
  }
  for (const [name, options] of [['two.scap', {}], ['two.pcapng', { framing: 'scap' }]] as const) {
    const source = new SyntheticCapture([
      { metadata: at('before'), bursts: [[RECORDS[0]]] },
      { metadata: at('after'), bursts: [[RECORDS[3]]] },
    ])
    const path = await written(name, options, source)
    assert.equal(lines(run('sysdig', '-r', path, '-p', '%evt.num %evt.type')), ['1 openat', '2 close'])
  }
  for (const framing of ['ethernet', 'user0'] as const) {
    const source = new SyntheticCapture([{ bursts: [RECORDS.slice(0, 9)] }, { bursts: [RECORDS.slice(9)] }])
    const path = await written(`two-${framing}.pcapng`, { framing }, source)
    assert.is(lines(run('tshark', '-r', path)).length, COUNT)
    assert.is(lines(run('tcpdump', '-r', path, '-tt')).filter((line) => !line.startsWith('\t')).length, COUNT)
  }
}, { needs: ['sysdig', 'tshark', 'tcpdump'] })

test('a snapshot of this process names it, its user and its files for sysdig', async () => {
  const file = openSync('/etc/passwd', 'r')
  const folder = openSync('/usr', 'r')
  const fifo = join(dir, 'fifo')
  execFileSync('mkfifo', [fifo])
  const pipe = openSync(fifo, 'r+')
  const server4 = createServer().listen(0, '127.0.0.1')
  const server6 = createServer().listen(0, '::1')
  const serverUnix = createServer().listen(join(dir, 'a socket'))
  await Promise.all([server4, server6, serverUnix].map((server) => once(server, 'listening')))
  const port = (server: Server) => (server.address() as AddressInfo).port
  const client4 = connect(port(server4), '127.0.0.1')
  const client6 = connect(port(server6), '::1')
  await Promise.all([once(client4, 'connect'), once(client6, 'connect')])
  const udp = createSocket('udp4').bind(0, '127.0.0.1')
  await once(udp, 'listening')
  const fdOf = (handle: unknown) => (handle as { _handle: { fd: number } })._handle.fd
  const udpFd = (udp as unknown as Record<symbol, { handle: { fd: number } }>)[Object.getOwnPropertySymbols(udp).find((symbol) => symbol.description === 'state symbol')!].handle.fd

  const expected: [fd: number, type: string, name: string][] = [
    [file, 'file', '/etc/passwd'],
    [folder, 'directory', '/usr'],
    [pipe, 'pipe', fifo],
    [fdOf(server4), 'ipv4', `127.0.0.1:${port(server4)}`],
    [fdOf(server6), 'ipv6', `::1:${port(server6)}`],
    [fdOf(client4), 'ipv4', `127.0.0.1:${client4.localPort}->127.0.0.1:${port(server4)}`],
    [fdOf(client6), 'ipv6', `::1:${client6.localPort}->::1:${port(server6)}`],
    [fdOf(serverUnix), 'unix', join(dir, 'a socket')],
    [udpFd, 'ipv4', `127.0.0.1:${udp.address().port}`],
  ]
  const events = expected.map(([fd], i) => ({ bytes: record({ type: 70, ts: START + BigInt(i), tid: process.pid, params: [fd] }) }))
  const metadata = snapshot()
  ;[client4, client6].forEach((socket: Socket) => socket.destroy())
  ;[server4, server6, serverUnix].forEach((server) => server.close())
  udp.close()
  ;[file, folder, pipe].forEach((fd) => closeSync(fd))

  const comm = readFileSync('/proc/self/comm', 'utf8').trim()
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
  for (const [name, options] of [['self.scap', {}], ['self.pcapng', { framing: 'scap' }]] as const) {
    const path = await written(name, options, synthetic(events, { metadata }))
    const printed = lines(run('sysdig', '-r', path, '-p', '%proc.pid|%proc.name|%user.name|%fd.num|%fd.type|%fd.name'))
    assert.equal(printed, expected.map(([fd, type, text]) => [process.pid, comm, user, fd, type, text].join('|')))
  }
  const path = join(dir, 'self.scap')
  const [proc] = lines(run('sysdig', '-r', path, '-n', '1', '-p', '%proc.exe|%proc.cwd|%proc.ppid|%proc.exepath|%user.loginuid|%proc.args'))
  const parent = /^PPid:\t(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]
  const [exe, ...args] = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1)
  const loginuid = existsSync('/proc/self/loginuid') ? Number(readFileSync('/proc/self/loginuid', 'utf8')) | 0 : -1
  assert.is(proc, [exe, `${process.cwd()}/`, parent, process.execPath, loginuid, args.join(' ')].join('|'))
}, { needs: ['sysdig', 'linux'] })

const fixtures = new URL('../fixtures/', import.meta.url).pathname
const printed = (path: string): string => spawnSync('sysdig', ['-r', path], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout

for (const name of ['small.scap', 'medium.scap.gz']) {
  const body = async () => {
    const given = printed(join(fixtures, name))
    for (const [ending, options] of [['scap', {}], ['scap.gz', {}], ['pcapng', { framing: 'scap' }]] as const) {
      const path = join(dir, `copy.${ending}`)
      await writeFile(await openFile(join(fixtures, name)), path, options)
      assert.ok(printed(path) === given, `${name} as ${ending}`)
    }
  }
  if (existsSync(join(fixtures, name))) test(`${name}: a copy prints the same in sysdig`, body, { needs: ['sysdig'] })
  else test.skip(`${name}: a copy prints the same in sysdig`, 'the recording is not among the fixtures')
}

test('every kind of .scap: a copy prints the same in sysdig', async () => {
  // sysdig stops at a block that it does not know, and so misses what the copy, which is without it, shows.
  const repaired = new Set(['unk_mid2.scap', 'unkblock_mid.scap', 'trunc.scap'])
  const names = readdirSync(join(fixtures, 'vectors')).filter((name) => name.endsWith('.scap') && !repaired.has(name))
  assert.ok(names.length > 20)
  for (const name of names) {
    const path = join(dir, name)
    await writeFile(await openFile(join(fixtures, 'vectors', name)), path)
    assert.is(printed(path), printed(join(fixtures, 'vectors', name)), name)
  }
}, { needs: ['sysdig'] })
