// timeout: 120
/** What fields say of events, against what sysdig says of the same file. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { eventInfo } from '../../lib/event/table.js'
import { TextBuffer } from '../../lib/event/textbuffer.js'
import { compileFormat, CONTAINER_FORMAT, DEFAULT_FORMAT, type FormatOptions } from '../../lib/field/formatter.js'
import { fields, findField } from '../../lib/field/registry.js'
import { openFile } from '../../lib/iface/file/open.js'
import { folder } from '../helpers/folder.js'
import { fdlist, type RecordFields, sockaddr, socktuple, unixTuple } from '../helpers/record.js'
import { ROOT, run } from '../helpers/run.js'
import { scapOf } from '../helpers/scap.js'
import { suite } from '../helpers/suite.js'

const FIXTURES = join(ROOT, 'test/fixtures')
const { file } = folder()
const test = suite('fields as sysdig has them', { needs: ['sysdig'], timeoutMs: 60_000 })

// No field's value has such bytes.
const NEXT = '\x1e\x1f\x1e'
const END = '\x1d\x1f\x1d'
/** Types that sysdig 0.29 does not know it leaves out, and does not count. */
const SYSDIG_TYPES = 336

/** The lines that we print. sysdig shows no events of its own making, but counts them. */
async function ours(path: string, format: string, options?: FormatOptions): Promise<string[]> {
  const write = compileFormat(format, options)
  const out = new TextBuffer()
  const lines: string[] = []
  let num = 0
  for await (const burst of await openFile(path, { state: true })) {
    for (const ev of burst) {
      if (ev.packet !== undefined || ev.type >= SYSDIG_TYPES) continue
      ev.num = ++num
      if (eventInfo(ev.type)!.category === 'INTERNAL') continue
      out.length = 0
      if (write(out, ev)) lines.push(out.bytes.toString('utf8', 0, out.length))
    }
  }
  return lines
}

async function theirs(path: string, args: readonly string[], end: string): Promise<string[]> {
  const { stdout } = await run('sysdig', ['-r', path, ...args])
  return stdout.split(end).slice(0, -1)
}

/** Compares each field on its own, so that a failure says which. */
async function compare(path: string, names: readonly string[], flags: readonly string[] = [], options: FormatOptions = {}): Promise<void> {
  const format = `*%evt.num${NEXT}${names.map(name => `%${name}`).join(NEXT)}${END}`
  const [own, sysdig] = await Promise.all([
    ours(path, format, options).then(lines => lines.map(line => line.slice(0, -END.length).split(NEXT))),
    theirs(path, [...flags, '-p', format], `${END}\n`).then(lines => lines.map(line => line.split(NEXT))),
  ])
  assert.is(own.length, sysdig.length, path)
  assert.ok(own.length > 0, path)
  for (let i = 0; i < own.length; i++) {
    for (let j = 0; j <= names.length; j++) {
      assert.is(own[i][j], sysdig[i][j], `${path}: event ${own[i][0]}, ${names[j - 1] ?? 'evt.num'}`)
    }
  }
}

/** sysdig shows what an older event left there, if an event has no thread. */
const STALE = ['evt.latency.human']
/** evt.rawarg is left out: numbers it cannot print. So is evt.type.is, which prints nothing. */
const ARGUMENTS = [
  'evt.arg.fd', 'evt.arg.name', 'evt.arg.data', 'evt.arg.res', 'evt.arg.flags', 'evt.arg[0]', 'evt.arg[3]', 'evt.abspath.src',
  'evt.abspath.dst',
]
const OWN = fields()
  .filter(({ name, since, arg, filterOnly }) =>
    /^(evt|syscall|syslog|fdlist|util)\./.test(name) && since === undefined && arg !== 'required' && !filterOnly && !STALE.includes(name))
  .map(({ name }) => name)
  .concat(ARGUMENTS)

const VECTORS = ['full', 'badts', 'generic', 'flags'].map(name => `vectors/${name}.scap`)
for (const name of ['small.scap', 'both.scap.gz', 'medium.scap.gz', ...VECTORS]) {
  test(`every field of an event: ${name}`, () => compare(join(FIXTURES, name), OWN))
}

for (const time of ['a', 'r', 'd', 'D'] as const) {
  test(`evt.outputtime with -t ${time}`, () => compare(join(FIXTURES, 'small.scap'), ['evt.outputtime'], ['-t', time], { time }))
}

const BUFFERS = { '-A': 'ascii', '-x': 'hex', '-X': 'hexascii', '-b': 'base64' } as const
for (const [flag, buffers] of Object.entries(BUFFERS)) {
  test(`buffers with ${flag}`, () =>
    compare(join(FIXTURES, 'both.scap.gz'), ['evt.buffer', 'evt.args', 'evt.arg.data'], [flag], { buffers }))
}
test('buffers with -v', () => compare(join(FIXTURES, 'both.scap.gz'), ['evt.buffer', 'evt.args'], ['-v'], { whole: true }))

test('whole lines', async () => {
  const path = join(FIXTURES, 'small.scap')
  assert.equal(await ours(path, DEFAULT_FORMAT), await theirs(path, [], '\n'))
  assert.equal(await ours(path, CONTAINER_FORMAT), await theirs(path, ['-pc'], '\n'))
})

test('lines of JSON', async () => {
  const path = join(FIXTURES, 'both.scap.gz')
  assert.equal(await ours(path, DEFAULT_FORMAT, { json: true }), await theirs(path, ['-j'], '\n'))
  // In JSON sysdig asks each field twice, which those notice that look at the time before or count.
  const format = `*${OWN.filter(name => !/deltatime|util/.test(name)).map(name => `%${name}`).join(' ')}`
  assert.equal(await ours(path, format, { json: true }), await theirs(path, ['-j', '-p', format], '\n'))
})

test('a line with a missing value is left out', async () => {
  const path = join(FIXTURES, 'small.scap')
  const format = '%evt.num %evt.buflen %evt.deltatime'
  const lines = await ours(path, format)
  assert.ok(lines.length > 0)
  assert.equal(lines, await theirs(path, ['-p', format], '\n'))
})

/** Everything in the made files; `data` of writes as bytes. */
async function compareMade(name: string, records: readonly RecordFields[]): Promise<void> {
  const path = file(`${name}.scap`)
  writeFileSync(path, scapOf(records))
  await compare(path, OWN)
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('messages to the log of the system', () => compareMade('syslog', [
  { type: 'PPME_SOCKET_SOCKET_E', params: [1, 2, 0] },
  { type: 'PPME_SOCKET_SOCKET_X', params: [5] },
  { type: 'PPME_SOCKET_CONNECT_E', params: [5, sockaddr('/dev/log')] },
  { type: 'PPME_SOCKET_CONNECT_X', params: [0, unixTuple(1n, 2n, '/dev/log')] },
  ...[
    '<13>hello', '<191>a\nb', '<6>', '<>x', '13>x', '<1x>y', 'x', '<1234>z', '<13', '<00000000000000000013>x', '<13>a\0b', '<-1>x',
  ].flatMap((text): RecordFields[] => [
    { type: 'PPME_SOCKET_SENDTO_E', params: [5, text.length, undefined] },
    { type: 'PPME_SOCKET_SENDTO_X', params: [text.length, bytes(text)] },
    { type: 'PPME_SYSCALL_WRITE_E', params: [5, text.length] },
    { type: 'PPME_SYSCALL_WRITE_X', params: [text.length, bytes(text)] },
  ]),
  { type: 'PPME_SYSCALL_WRITE_E', params: [5, 4] },
  { type: 'PPME_SYSCALL_WRITE_X', params: [-11, bytes('<13>')] },
  { type: 'PPME_SYSCALL_OPEN_E', params: ['/dev/log', 2, 0] },
  { type: 'PPME_SYSCALL_OPEN_X', params: [6, '/dev/log', 2, 0, 0] },
  { type: 'PPME_SYSCALL_WRITE_E', params: [6, 8] },
  { type: 'PPME_SYSCALL_WRITE_X', params: [8, bytes('<86>file')] },
  { type: 'PPME_SYSCALL_READ_E', params: [6, 8] },
  { type: 'PPME_SYSCALL_READ_X', params: [8, bytes('<86>file')] },
  { type: 'PPME_SOCKET_SOCKET_E', params: [1, 2, 0] },
  { type: 'PPME_SOCKET_SOCKET_X', params: [7] },
  { type: 'PPME_SOCKET_SENDTO_E', params: [7, 6, unixTuple(1n, 2n, '/dev/log')] },
  { type: 'PPME_SOCKET_SENDTO_X', params: [6, bytes('<13>to')] },
]))

test('polled fds', () => compareMade('poll', [
  { type: 'PPME_SOCKET_SOCKET_E', params: [2, 1, 0] },
  { type: 'PPME_SOCKET_SOCKET_X', params: [5] },
  { type: 'PPME_SOCKET_CONNECT_E', params: [5, sockaddr('10.0.0.2:80')] },
  { type: 'PPME_SOCKET_CONNECT_X', params: [0, socktuple('10.0.0.1:4000', '10.0.0.2:80')] },
  { type: 'PPME_SOCKET_SOCKET_E', params: [10, 1, 0] },
  { type: 'PPME_SOCKET_SOCKET_X', params: [6] },
  { type: 'PPME_SOCKET_CONNECT_E', params: [6, sockaddr('[2001::2]:443')] },
  { type: 'PPME_SOCKET_CONNECT_X', params: [0, socktuple('[2001::1]:5000', '[2001::2]:443')] },
  { type: 'PPME_SOCKET_SOCKET_E', params: [2, 1, 0] },
  { type: 'PPME_SOCKET_SOCKET_X', params: [7] },
  { type: 'PPME_SOCKET_BIND_E', params: [7] },
  { type: 'PPME_SOCKET_BIND_X', params: [0, sockaddr('127.0.0.1:8080')] },
  { type: 'PPME_SYSCALL_OPEN_E', params: ['/etc/hosts', 1, 0] },
  { type: 'PPME_SYSCALL_OPEN_X', params: [8, '/etc/hosts', 1, 0, 0] },
  { type: 'PPME_SYSCALL_POLL_E', params: [fdlist([[5, 1], [6, 1], [7, 4], [8, 1], [99, 1]]), 100] },
  { type: 'PPME_SYSCALL_POLL_X', params: [2, fdlist([[6, 1], [8, 0x44]])] },
  { type: 'PPME_SYSCALL_PPOLL_E', params: [fdlist([[8, 1], [-1, 1], [5, 1]]), 100, 0] },
  { type: 'PPME_SYSCALL_PPOLL_X', params: [0, fdlist([])] },
  { type: 'PPME_SYSCALL_POLL_E', params: [fdlist([[8, 1]]), 1] },
  { type: 'PPME_SYSCALL_POLL_X', params: [-4, fdlist([])] },
]))

test('paths that start at a directory', () => compareMade('paths', [
  { type: 'PPME_SYSCALL_OPEN_E', params: ['/srv/dir', 0x401, 0] },
  { type: 'PPME_SYSCALL_OPEN_X', params: [5, '/srv/dir', 0x401, 0, 0] },
  ...[5, -100, 77].flatMap((dirfd): RecordFields[] => [
    { type: 'PPME_SYSCALL_OPENAT_2_E', params: [dirfd, 'a/../b', 5, 0o755] },
    { type: 'PPME_SYSCALL_OPENAT_2_X', params: [-2, dirfd, 'a/../b', 5, 0o755, 0] },
    { type: 'PPME_SYSCALL_OPENAT_2_E', params: [dirfd, '/x/y', 6, 0o644] },
    { type: 'PPME_SYSCALL_OPENAT_2_X', params: [-13, dirfd, '/x/y', 6, 0o644, 0] },
    { type: 'PPME_SYSCALL_RENAMEAT_E' },
    { type: 'PPME_SYSCALL_RENAMEAT_X', params: [0, dirfd, 'old', -100, 'new'] },
    { type: 'PPME_SYSCALL_RENAMEAT2_E' },
    { type: 'PPME_SYSCALL_RENAMEAT2_X', params: [0, -100, './old', dirfd, '../new', 0] },
    { type: 'PPME_SYSCALL_LINKAT_2_E' },
    { type: 'PPME_SYSCALL_LINKAT_2_X', params: [0, dirfd, 'o', dirfd, '/n', 0] },
    { type: 'PPME_SYSCALL_SYMLINKAT_E' },
    { type: 'PPME_SYSCALL_SYMLINKAT_X', params: [0, '/target', dirfd, 'link'] },
    { type: 'PPME_SYSCALL_UNLINKAT_2_E' },
    { type: 'PPME_SYSCALL_UNLINKAT_2_X', params: [0, dirfd, 'gone/', 0] },
    { type: 'PPME_SYSCALL_MKDIRAT_E' },
    { type: 'PPME_SYSCALL_MKDIRAT_X', params: [-17, dirfd, 'made', 0o755] },
    { type: 'PPME_SYSCALL_FCHMODAT_E' },
    { type: 'PPME_SYSCALL_FCHMODAT_X', params: [0, dirfd, 'file', 0o600] },
  ]),
]))

test('text that is not ASCII, or no text at all', async () => {
  const path = file('bytes.scap')
  writeFileSync(path, scapOf([
    ...['/tmp/\xc3\xa9\x01x', 'rel/\xff\xfe', '/a\tb\n', './é', '', '<NA>', '<NA', '.', '..', '../../..'].map((name): RecordFields =>
      ({ type: 'PPME_SYSCALL_OPEN_E', params: [bytes(`${name}\0`), 1, 0] })),
    { type: 'PPME_SYSCALL_READ_E', params: [3, 3] },
    { type: 'PPME_SYSCALL_READ_X', params: [3, bytes('\xe9\0\x7f')] },
    { type: 'PPME_SYSCALL_CHDIR_E' },
    { type: 'PPME_SYSCALL_CHDIR_X', params: [-2, bytes('\xc3\xa9/\x7f\0')] },
  ]))
  await compare(path, ['evt.args', 'evt.arg.name', 'evt.arg.path', 'evt.buffer', 'evt.rawarg.name', 'evt.rawarg.data'])
})

test('how files are opened, and what failed', () => compareMade('open', [
  ...[1, 2, 3, 5, 0x2003, 6].flatMap((flags): RecordFields[] => [0o644, 0o700].flatMap((mode): RecordFields[] => [
    { type: 'PPME_SYSCALL_OPEN_E', params: ['/tmp/f', flags, mode] },
    { type: 'PPME_SYSCALL_OPEN_X', params: [8, '/tmp/f', flags, mode, 0] },
  ])),
  { type: 'PPME_SYSCALL_CREAT_E', params: ['/tmp/x', 0o777] },
  { type: 'PPME_SYSCALL_CREAT_X', params: [-13, '/tmp/x', 0o777, 0] },
  { type: 'PPME_SYSCALL_OPENAT2_E', params: [-100, '/tmp/x', 5, 0o711, 0] },
  { type: 'PPME_SYSCALL_OPENAT2_X', params: [9, -100, '/tmp/x', 5, 0o711, 0] },
  { type: 'PPME_SYSCALL_READ_E', params: [9, 10] },
  { type: 'PPME_SYSCALL_READ_X', params: [-21, undefined] },
  { type: 'PPME_SOCKET_SOCKET_E', params: [2, 1, 0] },
  { type: 'PPME_SOCKET_SOCKET_X', params: [-24] },
  { type: 'PPME_SOCKET_ACCEPT4_5_E', params: [0] },
  { type: 'PPME_SOCKET_ACCEPT4_5_X', params: [-4, undefined, 0, 0, 0] },
  { type: 'PPME_SYSCALL_BRK_4_E', params: [0] },
  { type: 'PPME_SYSCALL_MUNMAP_E', params: [0, 1] },
  { type: 'PPME_SYSCALL_MUNMAP_X', params: [-22, 1, 2, 3] },
  { type: 'PPME_SYSCALL_KILL_E', params: [1234, 9] },
  { type: 'PPME_SYSCALL_KILL_X', params: [-3] },
  { type: 'PPME_SYSCALL_CLOSE_E', params: [77] },
  { type: 'PPME_SYSCALL_CLOSE_X', params: [-9] },
  { type: 'PPME_SYSCALL_NANOSLEEP_E', params: [1000] },
  { type: 'PPME_SYSCALL_NANOSLEEP_X', params: [0], ts: 1_700_000_001_500_000_000n },
]))

test('durations for people', async () => {
  const start = 1_700_000_000_000_000_000n
  const durations = [1n, 999n, 1000n, 1234n, 9999n, 10_000n, 123_456n, 999_999n, 1_000_000n, 9_999_999n, 10_000_000n, 999_999_999n,
    1_000_000_000n, 59_999_999_999n, 60_000_000_000n, 3_599_000_000_000n, 3_600_000_000_000n, 123_456_789_000_000n]
  const path = file('durations.scap')
  writeFileSync(path, scapOf(durations.flatMap((ns, i): RecordFields[] => {
    const ts = start + BigInt(i) * 200_000_000_000_000n
    return [{ type: 'PPME_SYSCALL_NANOSLEEP_E', params: [1], ts }, { type: 'PPME_SYSCALL_NANOSLEEP_X', params: [0], ts: ts + ns }]
  })))
  await compare(path, ['evt.latency.human', 'evt.latency', 'evt.latency.s', 'evt.latency.ns', 'evt.latency.quantized', 'evt.wait_latency'])
})

test('events of Docker', async () => {
  const of = (description: string): RecordFields => ({ type: 'PPME_INFRASTRUCTURE_EVENT_E', params: ['docker', 'x', description, ''] })
  const path = file('docker.scap')
  writeFileSync(path, scapOf([of('Event: start; ID: 0123456789abcdef; name: web; Image: nginx@sha256:12')]))
  assert.ok(findField('evt.infra.docker.name') !== undefined)
  // sysdig does not show them, nor do we; what they say is in the unit tests.
  assert.equal(await theirs(path, [], '\n'), [])
})
