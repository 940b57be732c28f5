/** The expected texts are what `sysdig -r … -p %evt.args` of version 0.29.3 printed for the same records. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PacketAt } from '../../../lib/event/packet.js'
import { displayPath } from '../../../lib/event/path.js'
import { jsonText } from '../../../lib/event/json.js'
import { lineText } from '../../../lib/event/line.js'
import { argsText, argText, rawArgText, resolvedArgText } from '../../../lib/event/text.js'
import { event, fdlist, type RecordFields, sockaddr, socktuple, unixTuple } from '../../helpers/record.js'

const text = (type: RecordFields['type'], ...params: NonNullable<RecordFields['params']>) => argsText(event({ type, params }))
const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

test('numbers in the format of the table', () => {
  assert.is(text('PPME_SCHEDSWITCH_6_E', 14, 0, 1555, 80940, 24740, 0), 'next=14 pgft_maj=0 pgft_min=1555 vm_size=80940 vm_rss=24740 vm_swap=0 ')
  assert.is(text('PPME_SYSCALL_IOCTL_3_E', 1, 0x5401, 0x7ffe), 'fd=1 request=5401 argument=7FFE ')
  assert.is(text('PPME_SYSCALL_BRK_4_X', -1, -1, -1, 3), 'res=FFFFFFFFFFFFFFFF vm_size=-1 vm_rss=-1 vm_swap=3 ')
  assert.is(text('PPME_SYSCALL_MKDIR_2_E', 0o755), 'mode=1ED ')
  assert.is(text('PPME_SYSCALL_MMAP_X', 0x7fff_1234_5678, 1, 2, 3), 'res=7FFF12345678 vm_size=1 vm_rss=2 vm_swap=3 ')
  assert.is(text('PPME_SYSCALL_EVENTFD_E', 1, 0), 'initval=1 flags=0 ')
})

test('errors and fds', () => {
  assert.is(text('PPME_SYSCALL_OPEN_X', -2, '/x', 4103, 0o644, 0x801),
    'fd=-2(ENOENT) name=/x flags=4103(O_CREAT|O_RDWR|O_CLOEXEC) mode=0644 dev=801 ')
  assert.is(text('PPME_SYSCALL_OPENAT_2_X', 3, -100, '/abs/../x', 1, 0, 0), 'fd=3 dirfd=-100(AT_FDCWD) name=/abs/../x flags=1(O_RDONLY) mode=0 dev=0 ')
  assert.is(text('PPME_SYSCALL_READ_X', -512, undefined), 'res=-512(ERESTARTSYS) data= ')
  assert.is(text('PPME_SYSCALL_OPEN_X', -99999), 'fd=-99999 ')
})

test('flags: in the order of the table, each bit once', () => {
  assert.is(text('PPME_SYSCALL_OPEN_E', '/x', 0, 0), 'name=/x flags=0(O_NONE) mode=0 ')
  assert.is(text('PPME_SYSCALL_MMAP_E', 0, 4096, 3, 10, -1, 0),
    'addr=0 length=4096 prot=3(PROT_READ|PROT_WRITE) flags=10(MAP_PRIVATE|MAP_ANONYMOUS) fd=-1(EPERM) offset=0 ')
  assert.is(text('PPME_SYSCALL_FUTEX_E', 0, 129, 3), 'addr=0 op=129(FUTEX_PRIVATE_FLAG|FUTEX_WAKE) val=3 ')
  assert.is(text('PPME_SYSCALL_FUTEX_E', 0, 13, 3), 'addr=0 op=13(FUTEX_CMP_REQUEUE_PI|FUTEX_WAKE) val=3 ')
  assert.is(text('PPME_SYSCALL_ACCESS_E', 7), 'mode=7(R_OK|W_OK|X_OK) ')
  assert.is(text('PPME_SYSCALL_ACCESS_E', 8), 'mode=8 ')
  assert.is(text('PPME_SYSCALL_CHMOD_X', 0, '/x', 0o640), 'res=0 filename=/x mode=0640(S_IRGRP|S_IWUSR|S_IRUSR) ')
})

test('one of several values', () => {
  assert.is(text('PPME_SOCKET_SOCKET_E', 1, 1, 0), 'domain=1(AF_LOCAL) type=1 proto=0 ')
  assert.is(text('PPME_SOCKET_SOCKET_E', 99, 1, 0), 'domain=99(AF_PHONET) type=1 proto=0 ')
  assert.is(text('PPME_SYSCALL_FCNTL_E', 3, 5), 'fd=3 cmd=5(F_SETFL) ')
  // Too new for sysdig 0.29.
  assert.is(text('PPME_SYSCALL_PRCTL_X', 0, 15, 'name', 0), 'res=0 option=15(PR_SET_NAME) arg2_str=name arg2_int=0 ')
  assert.is(text('PPME_SYSCALL_PRCTL_X', 0, 31, '', 0), 'res=0 option=31 arg2_str= arg2_int=0 ')
})

test('buffers: dots, and 80 characters', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  assert.is(text('PPME_SYSCALL_READ_X', 300, all.subarray(0, 128)),
    `res=300 data=${'.'.repeat(32)} !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKL... `)
  assert.is(text('PPME_SYSCALL_READ_X', 80, 'x'.repeat(80)), `res=80 data=${'x'.repeat(80)} `)
  assert.is(text('PPME_SYSCALL_READ_X', 81, 'x'.repeat(81)), `res=81 data=${'x'.repeat(77)}... `)
  assert.is(text('PPME_SYSCALL_WRITE_X', 5, 'caf\u00e9 \ttab'), 'res=5 data=caf.. .tab ')
})

test('text as it is, paths without what is not printable', () => {
  assert.is(text('PPME_SYSCALL_CHDIR_X', -2, 'café'), 'res=-2(ENOENT) path=café ')
  assert.is(text('PPME_SYSCALL_UNLINK_2_X', 0, '/a\nb\u00e9'), 'res=0 path=/ab ')
})

test('relative paths, the directory being unknown', () => {
  const unlink = (path: string) => text('PPME_SYSCALL_UNLINK_2_X', 0, path)
  assert.is(unlink('a'), 'res=0 path=a(a) ')
  assert.is(unlink('a\nb'), 'res=0 path=ab(a.b) ')
  assert.is(unlink('a/..'), 'res=0 path=a/.. ')
  assert.is(unlink(''), 'res=0 path= ')
  assert.is(text('PPME_SYSCALL_UNLINKAT_2_X', 0, 9, '../a/./b/', 0x200), 'res=0 dirfd=9 name=../a/./b/(a/b) flags=512(AT_REMOVEDIR) ')
})

test('paths are shortened as sysdig 0.29 does it', () => {
  const shown: Record<string, string> = {
    './a': 'a', '../../a': 'a', 'a/../..': '', '.': '', '..': '', 'a//b': 'a/b', 'a/b/../': 'a', '...': '..', 'a/...': 'a/..',
    '....': '', 'a.': 'a', 'a./b': 'ab', 'a../b': 'ab', '.../b': '..b', '.a/b': '.a/b', 'a..b': 'a..b', 'a/b..': 'a',
    'a/b/c/../../../d': 'd', '~/x': '~/x',
  }
  for (const [path, text] of Object.entries(shown)) assert.is(displayPath('', path), text, path)
  assert.is(displayPath('/home/me', '../you/x'), '/home/you/x')
  assert.is(displayPath('/', '../x'), '/x')
  assert.is(displayPath('', 'a'.repeat(4000)), 'a'.repeat(1023))
})

test('sockets', () => {
  const addr = (value: Uint8Array) => text('PPME_SOCKET_CONNECT_E', 5, value)
  assert.is(addr(sockaddr('127.0.0.1:8080')), 'fd=5 addr=127.0.0.1:8080 ')
  assert.is(addr(sockaddr('[::ffff:102:304]:53')), 'fd=5 addr=::ffff:1.2.3.4:53 ')
  assert.is(addr(sockaddr('/run/x')), 'fd=5 addr=/run/x ')
  assert.is(addr(bytes('\x10abc')), 'fd=5 addr=family 16 ')
  assert.is(addr(bytes('\x02abc')), 'fd=5 addr=INVALID IPv4 ')
  assert.is(addr(bytes('')), 'fd=5 addr=NULL ')
  const tuple = (value: Uint8Array) => text('PPME_SOCKET_CONNECT_X', -115, value)
  assert.is(tuple(socktuple('[::1]:1234', '[fe80::1]:80')), 'res=-115(EINPROGRESS) tuple=::1:1234->fe80::1:80 ')
  assert.is(tuple(socktuple('[::ffff:102:304]:1234', '[::ffff:102:305]:80')), 'res=-115(EINPROGRESS) tuple=1.2.3.4:1234->1.2.3.5:80 ')
  assert.is(tuple(socktuple('[::ffff:102:304]:1234', '[::1]:80')), 'res=-115(EINPROGRESS) tuple=::ffff:1.2.3.4:1234->::1:80 ')
  assert.is(tuple(unixTuple(0xffff_8888_1234_5678n, 0n, '/run/x.sock')), 'res=-115(EINPROGRESS) tuple=ffff888812345678->0 /run/x.sock ')
})

test('lists of fds, signals, dynamic values', () => {
  assert.is(text('PPME_SYSCALL_POLL_E', fdlist([[4, 0x44], [-1, 0]]), -1), 'fds=4:?44 18446744073709551615:?0 timeout=-1 ')
  assert.is(text('PPME_SYSCALL_KILL_E', 1234, 9), 'pid=1234 sig=9(SIGKILL) ')
  assert.is(text('PPME_SYSCALL_KILL_E', -1, 33), 'pid=-1 sig=33 ')
  assert.is(text('PPME_SYSCALL_PPOLL_E', fdlist([]), -1, 0x4002), 'fds= timeout=none sigmask=SIGINT SIGTERM ')
  const val = (value: string) => text('PPME_SOCKET_SETSOCKOPT_X', 0, 3, 1, 2, bytes(value), 4)
  assert.is(val('\x02\x01\0\0\0'), 'res=0 fd=3 level=1(SOL_SOCKET) optname=2(SO_REUSEADDR) val=1 optlen=4 ')
  assert.is(val('\x04\0\x5e\xd0\xb2\0\0\0\0'), 'res=0 fd=3 level=1(SOL_SOCKET) optname=2(SO_REUSEADDR) val=3000000000(3s) optlen=4 ')
  assert.is(val('\x01\x9f\xff\xff\xff\xff\xff\xff\xff'), 'res=0 fd=3 level=1(SOL_SOCKET) optname=2(SO_REUSEADDR) val=-97(EAFNOSUPPORT) optlen=4 ')
  assert.is(val('\x09abc'), 'res=0 fd=3 level=1(SOL_SOCKET) optname=2(SO_REUSEADDR) val=INVALID DYNAMIC PARAMETER optlen=4 ')
})

test('intervals as printf %g', () => {
  const cases: [bigint, string][] = [
    [1500000000n, '1500000000(1.5s)'], [0n, '0(0s)'], [-1n, 'none'], [1n, '1(1e-09s)'], [12345n, '12345(1.2345e-05s)'],
    [100000n, '100000(0.0001s)'], [9999995n, '9999995(0.00999999s)'], [99999950n, '99999950(0.1s)'], [999999500n, '999999500(1s)'],
    [1234565000n, '1234565000(1.23456s)'], [123456500000000n, '123456500000000(123456s)'], [999999500000000n, '999999500000000(1e+06s)'],
    [-2n, '18446744073709551614(1.84467e+10s)'],
  ]
  for (const [interval, expected] of cases) assert.is(text('PPME_SYSCALL_NANOSLEEP_E', interval), `interval=${expected} `)
})

test('users that are not known, and none', () => {
  assert.is(text('PPME_SYSCALL_SETRESUID_E', 0, 12345, -1), 'ruid=0(<NA>) euid=12345(<NA>) suid=-1(<NONE>) ')
})

test('vpgid was called pgid before there was another pgid', () => {
  const before: undefined[] = new Array(17).fill(undefined)
  assert.match(text('PPME_SYSCALL_EXECVE_19_X', ...before, 7, -1), / tty= pgid=7 loginuid=-1 $/)
  const all = text('PPME_SYSCALL_EXECVE_19_X', ...before, 7, -1, 0, 0, 0, 0, 0, 0, 0, 0, '', 8)
  assert.match(all, / tty= vpgid=7 loginuid=-1 /)
  assert.match(all, / pgid=8 $/)
})

test('generic events have no arguments', () => {
  assert.is(text('PPME_GENERIC_E', 178, 230), '')
})

test('one argument: with both, raw, resolved', () => {
  const ev = event({ type: 'PPME_SYSCALL_OPEN_X', params: [-2, 'a\nb', 1] })
  assert.is(argText(ev, 0), '-2(ENOENT)')
  assert.is(rawArgText(ev, 0), '-2')
  assert.is(resolvedArgText(ev, 0), 'ENOENT')
  assert.is(rawArgText(ev, 1), 'a\nb')
  assert.is(resolvedArgText(ev, 1), 'a.b')
  for (const index of [-1, 3, 4, 99]) assert.is(argText(ev, index), undefined)
  assert.is(rawArgText(event({ type: 'PPME_SYSCALL_MMAP_X', params: [85] }), 0), '85')
  assert.is(rawArgText(event({ type: 'PPME_SYSCALL_READ_X', params: [3, 'a\tb\0c'] }), 1), 'a\tb')
})

test('names that a stage with state knows', () => {
  const names = {
    fd: () => '<f>/etc/passwd', fdLetter: () => 'f', process: () => 'cat', user: () => 'root',
    directory: (_: unknown, dirfd: number | undefined) => (dirfd === undefined ? '/home/me' : '/srv'),
  }
  const named = (type: RecordFields['type'], ...params: NonNullable<RecordFields['params']>) => argsText(event({ type, params }), names)
  assert.is(named('PPME_SYSCALL_CLOSE_E', 3), 'fd=3(<f>/etc/passwd) ')
  assert.is(named('PPME_SYSCALL_POLL_E', fdlist([[3, 1]]), 0), 'fds=3:f1 timeout=0 ')
  assert.is(named('PPME_SYSCALL_KILL_E', 5, 9), 'pid=5(cat) sig=9(SIGKILL) ')
  assert.is(named('PPME_SYSCALL_SETUID_E', 0), 'uid=0(root) ')
  assert.is(named('PPME_SYSCALL_UNLINKAT_2_X', 0, -100, 'x', 0), 'res=0 dirfd=-100(AT_FDCWD) name=x(/home/me/x) flags=0 ')
  assert.is(named('PPME_SYSCALL_UNLINKAT_2_X', 0, 7, 'x', 0), 'res=0 dirfd=7(<f>/etc/passwd) name=x(/srv/x) flags=0 ')
})

test('a line: number, local time, CPU, thread, direction, name, arguments', () => {
  const zone = process.env.TZ
  process.env.TZ = 'Asia/Kolkata'
  const ev = event({ type: 'PPME_SYSCALL_CLOSE_X', ts: 1795219052434760474n, tid: 137, params: [0] })
  ev.num = 7
  ev.cpu = 1
  assert.is(lineText(ev), '7 05:27:32.434760474 1 (137) < close res=0 ')
  const times: [bigint, string][] = [
    [0n, '05:30:00.000000000'], [999_999_999n, '05:30:00.999999999'], [1_000_000_000n, '05:30:01.000000000'],
    [2n ** 64n - 1n, '05:04:33.709551615'], [1_000_000_001n, '05:30:01.000000001'], [999_000_001n, '05:30:00.999000001'],
  ]
  for (const [ts, time] of times) {
    const at = event({ type: 'PPME_SYSCALL_CLOSE_E', ts, tid: -1, params: [] })
    assert.is(lineText(at), `0 ${time} 0 (-1) > close `)
  }
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

test('a packet is a short line', () => {
  const ev = event({ type: 0xffff, ts: 0n, tid: -1 })
  ev._packet = new PacketAt()
  ev._packet._move(1, new Uint8Array(60), 0, 60, undefined)
  ev._view.setUint32(16, 1514, true)
  assert.match(lineText(ev), /^0 \d\d:\d\d:00\.000000000 0 \(-1\) - packet linktype=1 len=1514 caplen=60 $/)
  assert.equal(JSON.parse(jsonText(ev))['evt.args'], { linktype: 1, len: 1514, caplen: 60 })
})

test('JSON has the keys of sysdig and decoded values', () => {
  const ev = event({ type: 'PPME_SYSCALL_READ_X', ts: 1795219052434760474n, tid: 15, params: [3, 'a\0"'] })
  ev.num = 2
  const json = jsonText(ev)
  assert.match(json, /"evt.outputtime":1795219052434760474,/)
  const { 'evt.outputtime': _, ...rest } = JSON.parse(json)
  assert.equal(rest, {
    'evt.args': { res: 3, data: 'YQAi' }, 'evt.cpu': 0, 'evt.dir': '<', 'evt.info': 'res=3 data=a." ', 'evt.num': 2,
    'evt.type': 'read', 'thread.tid': 15,
  })
  assert.is(JSON.parse(jsonText(event({ type: 'PPME_SYSCALL_CLOSE_E', ts: 5n })))['evt.outputtime'], 5)
})

test.run()
