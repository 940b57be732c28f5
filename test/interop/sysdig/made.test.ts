// timeout: 120
/** Every field of records made by hand, for what the recordings do not show, as Debian's sysdig prints it. */
import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { findField } from '../../../lib/field/registry.js'
import { folder } from '../../helpers/folder.js'
import { fdlist, type ParamValue, type RecordFields, sockaddr, socktuple, unixTuple } from '../../helpers/record.js'
import { scapOf } from '../../helpers/scap.js'
import { suite } from '../../helpers/suite.js'
import { compareFields, Judge, sysdig } from './compare.js'

const { file } = folder()
const test = suite('made records as sysdig', { needs: ['sysdig'], timeoutMs: 60_000 })
const judge = new Judge('made')

async function ofRecords(name: string, records: readonly RecordFields[]): Promise<void> {
  const path = file(`${name}.scap`)
  writeFileSync(path, scapOf(records))
  assert.ok(await compareFields(judge, path) > 0, `${name}: nothing is shown`)
}

type Call = [name: string, enter: readonly ParamValue[], exit: readonly ParamValue[]]

/** Enter and exit events: "SYSCALL_OPEN" is PPME_SYSCALL_OPEN_E and _X. */
function ofCalls(name: string, calls: readonly Call[]): Promise<void> {
  return ofRecords(name, calls.flatMap(([call, enter, exit]): RecordFields[] => [
    { type: `PPME_${call}_E` as 'PPME_SYSCALL_OPEN_E', params: enter }, { type: `PPME_${call}_X` as 'PPME_SYSCALL_OPEN_X', params: exit },
  ]))
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('messages to the log of the system', () => ofRecords('syslog', [
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

test('polled fds', () => ofRecords('poll', [
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

test('paths that start at a directory', () => ofRecords('directories', [
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

test('text that is not ASCII, or no text at all', () => ofRecords('bytes', [
  ...['/tmp/\xc3\xa9\x01x', 'rel/\xff\xfe', '/a\tb\n', './é', '', '<NA>', '<NA', '.', '..', '../../..'].map((name): RecordFields =>
    ({ type: 'PPME_SYSCALL_OPEN_E', params: [bytes(`${name}\0`), 1, 0] })),
  { type: 'PPME_SYSCALL_READ_E', params: [3, 3] },
  { type: 'PPME_SYSCALL_READ_X', params: [3, bytes('\xe9\0\x7f')] },
  { type: 'PPME_SYSCALL_CHDIR_E' },
  { type: 'PPME_SYSCALL_CHDIR_X', params: [-2, bytes('\xc3\xa9/\x7f\0')] },
]))

test('how files are opened, and what failed', () => ofRecords('open', [
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
  await ofRecords('durations', durations.flatMap((ns, i): RecordFields[] => {
    const ts = start + BigInt(i) * 200_000_000_000_000n
    return [{ type: 'PPME_SYSCALL_NANOSLEEP_E', params: [1], ts }, { type: 'PPME_SYSCALL_NANOSLEEP_X', params: [0], ts: ts + ns }]
  }))
})

test('events of Docker', async () => {
  const of = (description: string): RecordFields => ({ type: 'PPME_INFRASTRUCTURE_EVENT_E', params: ['docker', 'x', description, ''] })
  const path = file('docker.scap')
  writeFileSync(path, scapOf([of('Event: start; ID: 0123456789abcdef; name: web; Image: nginx@sha256:12')]))
  assert.ok(findField('evt.infra.docker.name') !== undefined)
  // sysdig does not show them, nor do we; what they say is in the unit tests.
  assert.equal(await sysdig(path, [], '\n'), [])
})

const ENOENT = -2
const HERE = -100
const DIRECTORY = 1 << 10 | 1

test('paths that could not be opened', () => ofCalls('unopened', [
  ['SYSCALL_OPEN', [], [ENOENT, 'a/../b', 1, 0, 0]],
  ['SYSCALL_OPEN', [], [ENOENT, '/abs/\u00fcx\ty', 1, 0, 0]],
  ['SYSCALL_OPEN', [], [ENOENT, '', 1, 0, 0]],
  ['SYSCALL_CREAT', [], [ENOENT, 'c/', 1, 0]],
  ['SYSCALL_OPENAT_2', [HERE, 'rel', 1, 0], [ENOENT, HERE, 'rel', 1, 0, 0]],
  ['SYSCALL_OPENAT_2', [HERE, '/some/dir', DIRECTORY, 0], [7, HERE, '/some/dir', DIRECTORY, 0, 0]],
  ['SYSCALL_OPENAT_2', [7, 'x/../y', 1, 0], [ENOENT, 7, 'x/../y', 1, 0, 0]],
  ['SYSCALL_OPENAT_2', [9, 'x', 1, 0], [ENOENT, 9, 'x', 1, 0, 0]],
  ['SYSCALL_OPENAT_2', [9, '/\u00fcx', 1, 0], [ENOENT, 9, '/\u00fcx', 1, 0, 0]],
  ['SYSCALL_OPENAT2', [7, 'x', 1, 0, 0], [ENOENT, 7, 'x', 1, 0, 0]],
  ['SYSCALL_OPENAT', [7, 'old', 1, 0], [ENOENT]],
  ['SYSCALL_OPENAT', [HERE, 'old', 1, 0], [ENOENT]],
  ['SYSCALL_OPENAT', [HERE, 'old', 1, 0], [8]],
  ['SYSCALL_OPENAT_2', [7, 'f', 1, 0], [6, 7, 'f', 1, 0, 0x801]],
  ['SYSCALL_READ', [6, 10], [3, 'abc']],
  ['SYSCALL_READ', [66, 10], [3, 'abc']],
  ['SYSCALL_DUP', [6], [16]],
  ['SYSCALL_CHDIR', [], [0, '/new']],
  ['SYSCALL_OPEN', [], [ENOENT, '', 1, 0, 0]],
  ['SYSCALL_OPEN', [], [ENOENT, 'n', 1, 0, 0]],
]))

test('sockets, and fds of other kinds', () => ofCalls('sockets', [
  ['SOCKET_SOCKET', [2, 1, 0], [-13]],
  ['SOCKET_SOCKET', [2, 1, 0], [10]],
  ['SOCKET_CONNECT', [10, sockaddr('10.0.0.2:80')], [-111, socktuple('10.0.0.1:4000', '10.0.0.2:80')]],
  ['SOCKET_CONNECT', [10, sockaddr('10.0.0.2:80')], [-115, socktuple('10.0.0.1:4000', '10.0.0.2:80')]],
  ['SYSCALL_WRITE', [10, 3], [3, 'abc']],
  ['SOCKET_SOCKET', [10, 2, 0], [11]],
  ['SOCKET_CONNECT', [11, sockaddr('[2001:db8::2]:53')], [0, socktuple('[2001:db8::1]:4000', '[2001:db8::2]:53')]],
  ['SOCKET_SENDTO', [11, 3, socktuple('[2001:db8::1]:4000', '[2001:db8::3]:53')], [3, 'abc']],
  ['SOCKET_RECVFROM', [11, 3], [3, 'abc', socktuple('[2001:db8::4]:53', '[2001:db8::1]:4000')]],
  ['SOCKET_SOCKET', [2, 2, 0], [12]],
  ['SOCKET_SENDTO', [12, 3, socktuple('10.0.0.1:5', '8.8.8.8:53')], [3, 'abc']],
  ['SOCKET_RECVFROM', [12, 3], [3, 'abc', socktuple('8.8.4.4:53', '10.0.0.1:5')]],
  ['SOCKET_SOCKET', [1, 1, 0], [13]],
  ['SOCKET_CONNECT', [13, sockaddr('/run/x')], [0, unixTuple(1n, 2n, '/run/x')]],
  ['SOCKET_BIND', [12], [0, sockaddr('10.0.0.1:99')]],
  ['SOCKET_LISTEN', [10, 5], [0]],
  ['SOCKET_ACCEPT_5', [], [14, socktuple('1.2.3.4:5', '10.0.0.1:99'), 0, 0, 0]],
  ['SOCKET_ACCEPT_5', [], [-11, undefined, 0, 0, 0]],
  ['SOCKET_SHUTDOWN', [14, 1], [0]],
  ['SYSCALL_PIPE', [], [0, 20, 21, 99]],
  ['SYSCALL_PIPE', [], [-24, 20, 21, 0]],
  ['SYSCALL_EVENTFD', [1, 0], [-24]],
  ['SYSCALL_EVENTFD', [1, 0], [22]],
  ['SYSCALL_TIMERFD_CREATE', [0, 0], [-24]],
  ['SYSCALL_INOTIFY_INIT', [0], [23]],
  ['SYSCALL_CLOSE', [12], [0]],
  ['SYSCALL_CLOSE', [12], [-9]],
]))

test('every difference that is listed is one', () => {
  assert.equal(judge.unused(), [])
})
