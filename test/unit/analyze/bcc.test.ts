/** The analyzers of the world of bcc, on recordings. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Report, run, type RunOptions, shipped } from '../../../lib/analyze/index.js'
import { Mounts } from '../../../lib/analyze/mounts.js'
import { terminalDevice, terminalName } from '../../../lib/analyze/terminal.js'
import { TypedLine } from '../../../lib/analyze/typedline.js'
import { type CaptureError, openFile } from '../../../lib/index.js'
import { ROOT } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import { TRACE } from '../../helpers/trace.js'

const test = suite('bcc')
const SMALL = join(ROOT, 'test/fixtures/small.scap')
const BOTH = join(ROOT, 'test/fixtures/both.scap.gz')

async function rows(name: string, options: Partial<RunOptions> = {}, file = TRACE): Promise<Report['rows']> {
  const all: Report['rows'][number][] = []
  for await (const report of run(await shipped(name), { on: wanted => openFile(file, wanted), ...options })) {
    assert.is(report.cut, 0)
    all.push(...report.rows)
  }
  return all
}

async function count(filter: string, file = TRACE): Promise<number> {
  const capture = await openFile(file, { filter })
  let events = 0
  for await (const burst of capture) events += [...burst].length
  return events
}

const trace = { filter: 'evt.type = execve and evt.dir = <', format: '%proc.name ran %proc.exeline' }
const RUNS: [name: string, args: NonNullable<RunOptions['args']>][] = [
  ['tcpconnect', {}], ['tcpaccept', {}], ['tcplife', {}], ['syscount', {}], ['syscount', { by: 'process', what: 'latency' }], ['trace', trace],
  ['bashreadline', {}], ['ttysnoop', { terminal: 1 }], ['execsnoop', {}], ['opensnoop', {}],
]
for (const [name, args] of RUNS) {
  test(`${name} ${Object.values(args).join(' ')}: on two threads as on one, and in intervals`, async () => {
    const expected = (await rows(name, { args }, SMALL)).map(String).sort()
    assert.equal((await rows(name, { args, workers: 2 }, SMALL)).map(String).sort(), expected)
    if ((await shipped(name)).streams === true) assert.equal((await rows(name, { args, everyMs: 50 }, SMALL)).map(String).sort(), expected)
  })
}

test('every connect and accept is told of', async () => {
  for (const file of [TRACE, BOTH]) {
    assert.is((await rows('tcpconnect', {}, file)).length, await count('evt.type = connect and evt.dir = < and fd.l4proto = tcp and fd.type in (ipv4, ipv6)', file))
    assert.is((await rows('tcpaccept', {}, file)).length, await count('evt.type in (accept, accept4) and evt.dir = < and evt.rawres >= 0 and fd.type in (ipv4, ipv6)', file))
  }
})

test('tcplife: bytes are those of the connection, from both of its ends', async () => {
  const life = await rows('tcplife', {}, BOTH)
  assert.ok(life.length > 100)
  const ofEnd = new Map<string, { sent: number; received: number }>()
  for (const [, , , laddr, lport, raddr, rport, sent, received] of life) {
    const sums = ofEnd.get(`${laddr}:${lport} ${raddr}:${rport}`) ?? { sent: 0, received: 0 }
    ofEnd.set(`${laddr}:${lport} ${raddr}:${rport}`, { sent: sums.sent + Number(sent), received: sums.received + Number(received) })
  }
  // All of them are on one machine, so the other end tells the same the other way round.
  for (const [name, { sent, received }] of ofEnd) {
    const [local, remote] = name.split(' ')
    const other = ofEnd.get(`${remote} ${local}`)
    if (other !== undefined) assert.equal({ sent: other.received, received: other.sent }, { sent, received }, name)
  }
  assert.ok([...ofEnd.keys()].filter(name => ofEnd.has(name.split(' ').reverse().join(' '))).length > 100, 'both ends are there')
  for (const [, , , , , , , , , duration, end] of life) assert.ok((duration === undefined || Number(duration) > 0) && ['close', 'exec', 'exit'].includes(String(end)))
})

test('syscount: as many as returned, and as long as topscalls_time says', async () => {
  const counted = await rows('syscount', { args: { what: 'latency' } })
  assert.is(counted.reduce((sum, [, count]) => sum + Number(count), 0), await count('evt.dir = < and syscall.type exists'))
  const byProcess = await rows('syscount', { args: { by: 'process' } })
  assert.is(byProcess.reduce((sum, [, , count]) => sum + Number(count), 0), counted.reduce((sum, [, count]) => sum + Number(count), 0))
  const times = new Map((await rows('topscalls_time')).map(([time, call]) => [call, time]))
  for (const [call, , time] of counted.slice(0, 10)) assert.is(time, times.get(call), String(call))
})

test('trace prints what dump prints', async () => {
  const lines = (await rows('trace', { args: trace })).map(([, line]) => line)
  assert.ok(lines.includes('exe ran cat /etc/passwd /www/index.html'), lines.join('\n'))
  assert.is(lines.length, await count(trace.filter))
})

async function refused(name: string, args: NonNullable<RunOptions['args']>, workers = 1): Promise<string> {
  try {
    await rows(name, { args, workers })
  } catch (error) {
    return `${(error as CaptureError).code} ${(error as CaptureError).message} ${(error as CaptureError).hint}`
  }
  throw new Error('it was not refused')
}

test('refused, with what would be right', async () => {
  assert.match(await refused('syscount', { by: 'processes' }), /OPTION.*one of syscall, process, not 'processes'/)
  for (const workers of [1, 2]) assert.match(await refused('ext4slower', { min_ms: 1 }, workers), /OPTION.*recordings do not say/)
  assert.match(await refused('ttysnoop', { terminal: 'x y' }), /OPTION.*no terminal.*tty\(1\)/)
  assert.match(await refused('trace', { filter: 'proc.nme = x' }), /FILTER/)
  assert.match(await refused('trace', { filter: 'proc.name = x', format: '%proc.nme' }), /FILTER/)
})

test('a line that is typed: keys that take back, and those that move the cursor', () => {
  const cases: [typed: string, lines: string[]][] = [
    ['ls\r', ['ls']], ['\r\n\r', []], ['lx\x7fs\x08\x08ps\n', ['ps']], ['café\x7fe\r', ['cafe']], ['one two  \x17three\r', ['one three']], ['all\x15none\r', ['none']],
    ['a\x1b[1;5D\x1bOAb\x1bfc\t\r', ['abc']], ['a\nb\nc', ['a', 'b']], [`${'x'.repeat(5000)}\r`, ['x'.repeat(4096)]], ['gone\x03here\r', ['here']],
  ]
  for (const [keys, lines] of cases) {
    assert.equal(new TypedLine().type(Buffer.from(keys)), lines)
    const line = new TypedLine()
    assert.equal([...Buffer.from(keys)].flatMap(byte => line.type(Uint8Array.of(byte))), lines, 'byte by byte')
  }
})

test('terminals by number and by name', () => {
  for (const name of ['/dev/pts/0', '/dev/pts/3', '/dev/pts/70000', '/dev/tty1', '/dev/ttyS0']) assert.is(terminalName(terminalDevice(name)!), name)
  assert.is(terminalDevice('/dev/pts/3'), 0x8803)
  assert.is(terminalName(0), undefined)
  assert.is(terminalDevice('/dev/null'), undefined)
})

test('the type of a file system by its number', () => {
  const mounts = new Mounts()
  for (const path of ['/', '/proc', '/dev']) {
    const { dev } = statSync(path)
    assert.is(mounts.typeOf(dev, process.pid), execFileSync('findmnt', ['-fno', 'FSTYPE', '-T', path], { encoding: 'utf8' }).trim(), path)
  }
  assert.is(mounts.typeOf(0xffff_ffff, process.pid), undefined)
}, { needs: ['linux', 'findmnt'] })
