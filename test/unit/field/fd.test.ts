import * as assert from 'uvu/assert'
import { eventInfo } from '../../../lib/event/table.js'
import { textOf } from '../../../lib/event/text.js'
import type { Operator } from '../../../lib/field/field.js'
import { bindField, fields } from '../../../lib/field/registry.js'
import { CONNECTED, FD, L4, ROLE_CLIENT, ROLE_SERVER } from '../../../lib/state/fdinfo.js'
import { type ParamValue, type RecordFields, sockaddr, socktuple } from '../../helpers/record.js'
import { suite } from '../../helpers/suite.js'
import { accepts, fd, seen, state, text, thread } from './world.js'

const test = suite('fields of fds')

const work = thread(70, { comm: 'work', cwd: '/home/me/' })
const boxed = thread(80, { comm: 'work', cwd: '/', containerId: 'aaaaaaaaaaaa' })
const TEN = 0x0a000001
const TWENTY = 0x14000002
const six = (...ends: number[]) => Uint8Array.from({ length: 16 }, (_, i) => [0x20, 1][i] ?? ends[i - 14] ?? 0)

const file = fd({ type: FD.FILE_V2, name: '/etc/passwd', dev: 0x801, ino: 77n, openFlags: 1 << 15 | 1 })
const directory = fd({ type: FD.DIRECTORY, name: '/etc' })
const tcp = fd({
  type: FD.IPV4, name: '10.0.0.1:4000->20.0.0.2:80', l4: L4.TCP, sip: TEN, sport: 4000, dip: TWENTY, dport: 80,
  flags: ROLE_CLIENT | CONNECTED,
})
const v6 = fd({ type: FD.IPV6, l4: L4.UDP, sip: six(0, 1), sport: 5, dip: six(0, 2), dport: 53, flags: ROLE_SERVER })
const listening = fd({ type: FD.IPV4_SERVER, l4: L4.TCP, sip: TEN, sport: 8080 })
const idle = fd({ type: FD.IPV4, l4: L4.TCP })
const unix = fd({ type: FD.UNIX, name: 'ffff->eeee /run/x' })

const close = { type: 'PPME_SYSCALL_CLOSE_E', tid: 70, params: [3] } as const
const of = (info: typeof file) => seen(close, { of: work, fd: info })
const noFd = () => seen(close, { of: work })
const notOfFds = seen({ type: 'PPME_SYSCALL_KILL_E', params: [1, 2] }, { of: work, fd: file })

function texts(ev: typeof notOfFds, expected: Record<string, string | undefined>): void {
  for (const [field, value] of Object.entries(expected)) assert.is(text(field, ev), value, field)
}

test('of a file', () => {
  texts(of(file), {
    'fd.num': '3', 'fd.type': 'file', 'fd.typechar': 'f', 'fd.name': '/etc/passwd', 'fd.directory': '/etc', 'fd.filename': 'passwd',
    'fd.uid': '703', 'fd.containername': ':/etc/passwd', 'fd.containerdirectory': ':/etc', 'fd.dev': '801', 'fd.dev.major': '8',
    'fd.dev.minor': '1', 'fd.ino': '77', 'fd.is_upper_layer': 'true', 'fd.is_lower_layer': 'false', 'fd.sockfamily': undefined,
    'fd.l4proto': '<NA>', 'fd.is_server': 'false', 'fd.connected': 'false', 'fd.cip': undefined, 'fd.sport': undefined,
    'fd.nameraw': '/etc/passwd',
  })
  texts(seen(close, {
    of: boxed, fd: file }), { 'fd.containername': 'aaaaaaaaaaaa:/etc/passwd', 'fd.containerdirectory': 'aaaaaaaaaaaa:/etc',
  })
  texts(of(fd({ type: FD.FILE, dev: 0x12345678 })), { 'fd.dev.major': `${0x456}`, 'fd.dev.minor': `${0x12378}` })
})

test('the parts of names that are no common paths', () => {
  const named = (name: string) => of(fd({ type: FD.FILE, name }))
  texts(named('/x'), { 'fd.directory': '/', 'fd.filename': 'x' })
  texts(named('x'), { 'fd.directory': '/', 'fd.filename': '/' })
  texts(named('/a/'), { 'fd.directory': '/a/', 'fd.filename': '/a/' })
  texts(of(directory), { 'fd.directory': '/etc', 'fd.filename': undefined, 'fd.typechar': 'd' })
})

test('names are shown without what cannot be printed, and compared with it', () => {
  const ev = of(fd({ type: FD.FILE, name: '/\u00fc\tx\u{1f600}' }))
  const name = bindField('fd.name')
  assert.is(name.get(ev), '/\u00fc\tx\u{1f600}')
  assert.is(textOf((out) => { name.write!(out, ev) }), '/x')
  assert.is(textOf((out) => { name.writeJson!(out, ev) }), '"/x"')
})

test('of a connection', () => {
  texts(of(tcp), {
    'fd.type': 'ipv4', 'fd.typechar': '4', 'fd.cip': '10.0.0.1', 'fd.sip': '20.0.0.2', 'fd.cport': '4000', 'fd.sport': '80',
    'fd.cproto': '4000', 'fd.sproto': '80', 'fd.l4proto': 'tcp', 'fd.sockfamily': 'ip', 'fd.connected': 'true', 'fd.directory': undefined,
    'fd.cip.name': undefined, 'fd.rip.name': undefined,
  })
  texts(of(v6), { 'fd.cip': '2001::1', 'fd.sip': '2001::2', 'fd.l4proto': 'udp', 'fd.type': 'ipv6' })
  texts(of(unix), { 'fd.sockfamily': 'unix', 'fd.l4proto': '<NA>', 'fd.cip': undefined, 'fd.sproto': undefined })
})

test('of a socket whose role is not known, no ends', () => {
  texts(of(idle), {
    'fd.cip': undefined, 'fd.sip': undefined, 'fd.lip': undefined, 'fd.cport': undefined, 'fd.sport': undefined, 'fd.rproto': undefined,
    'fd.l4proto': '<NA>', 'fd.sockfamily': 'ip',
  })
  texts(of(listening), {
    'fd.sip': undefined, 'fd.sport': '8080', 'fd.sproto': '', 'fd.cport': undefined, 'fd.is_server': 'true', 'fd.l4proto': 'tcp',
  })
})

test('which end is here the capture\'s interfaces say', () => {
  const none = new Uint8Array(4)
  const at = (...address: number[]) => ({ name: 'eth0', address: Uint8Array.from(address), netmask: none, broadcast: none })
  state.interfaces = []
  texts(of(tcp), { 'fd.lip': '20.0.0.2', 'fd.rip': '10.0.0.1', 'fd.lport': '80', 'fd.is_server': 'false' })
  state.interfaces = [at(10, 0, 0, 1)]
  texts(of(tcp), {
    'fd.lip': '10.0.0.1', 'fd.rip': '20.0.0.2', 'fd.lport': '4000', 'fd.rport': '80', 'fd.lproto': '4000', 'fd.is_server': 'false',
  })
  state.interfaces = [at(20, 0, 0, 2), at(...six(9, 9))]
  texts(of(tcp), { 'fd.lip': '20.0.0.2', 'fd.is_server': 'true' })
  texts(of(v6), { 'fd.lip': '2001::1', 'fd.is_server': 'true' })
  assert.is(text('fd.lip', seen(close, { of: boxed, fd: v6 })), '2001::2', 'containers have no IPv6')
  state.containers.set('aaaaaaaaaaaa', { id: 'aaaaaaaaaaaa', fullId: 'aaaaaaaaaaaa', type: 'docker', lookup: 'known', ip: '10.0.0.1' })
  assert.is(text('fd.lip', seen(close, { of: boxed, fd: tcp })), '10.0.0.1')
  state.containers.clear()
})

test('an event that is about no fd has none, one whose fd is not known has its number', () => {
  for (const { name } of fields().filter(({ name, filterOnly }) => name.startsWith('fd.') && filterOnly !== true)) {
    assert.is(text(name, notOfFds), undefined, name)
    assert.is(text(name, seen(close)), undefined, `${name} without a thread`)
  }
  texts(noFd(), {
    'fd.num': '-1', 'fd.type': undefined, 'fd.typechar': 'o', 'fd.name': undefined, 'fd.uid': '70-1', 'fd.directory': undefined,
  })
  assert.is(text('fd.num', seen({ type: 'PPME_SYSCALL_MMAP_E', params: [0, 1, 1, 1, -1, 0] }, { of: work })), undefined)
})

test('without an fd of its own an event has the last one of its thread', () => {
  work.fds.set(9, file)
  assert.is(text('fd.name', seen(close, { of: work, fdNumber: 9 })), '/etc/passwd')
  work.fds.delete(9)
})

const ENOENT = -2

test('calls that failed say what they wanted', () => {
  const failed = (type: RecordFields['type'], params: readonly ParamValue[]) => seen({ type, params }, { of: work })
  const open = failed('PPME_SYSCALL_OPEN_X', [ENOENT, 'a/b', 1, 0])
  texts(open, {
    'fd.name': '/home/me/a/b', 'fd.directory': '/home/me/a', 'fd.filename': undefined, 'fd.typechar': 'f',
    'fd.containername': ':/home/me/a/b', 'fd.nameraw': 'a/b',
  })
  texts(failed('PPME_SYSCALL_OPEN_X', [ENOENT, '/x', 1, 0]), { 'fd.name': '/x', 'fd.directory': '/' })
  texts(failed('PPME_SYSCALL_CREAT_X', [ENOENT, '../x', 1]), { 'fd.name': '/home/x' })
  texts(failed('PPME_SYSCALL_OPEN_X', [ENOENT, '', 1, 0]), { 'fd.name': '/home/me' })
  texts(failed('PPME_SYSCALL_OPEN_X', [ENOENT, undefined, 1, 0]), { 'fd.name': '' })
  texts(failed('PPME_SYSCALL_OPENAT_2_X', [ENOENT, -100, './x', 1, 0]), { 'fd.name': '/home/me/x' })
  texts(failed('PPME_SYSCALL_OPENAT2_X', [ENOENT, 5, '/y', 1, 0]), { 'fd.name': '/y', 'fd.nameraw': '/y' })
  texts(failed('PPME_SYSCALL_OPENAT_2_X', [ENOENT, 5, 'x', 1, 0]), { 'fd.name': '<UNKNOWN>x' })
  work.fds.set(5, directory)
  texts(failed('PPME_SYSCALL_OPENAT_2_X', [ENOENT, 5, 'x', 1, 0]), { 'fd.name': '/etc/x' })
  work.fds.clear()
  texts(failed('PPME_SOCKET_ACCEPT_X', [ENOENT, socktuple('10.0.0.1:1', '10.0.0.2:2'), 0]), {
    'fd.name': '10.0.0.1:1->10.0.0.2:2', 'fd.typechar': '4',
  })
  texts(failed('PPME_SOCKET_SOCKET_X', [ENOENT]), { 'fd.name': '', 'fd.directory': '/', 'fd.typechar': '4' })
  texts(seen({ type: 'PPME_SYSCALL_OPENAT_2_E', params: [-100, 'x', 1, 0] }, { of: work }), { 'fd.name': undefined, 'fd.typechar': 'f' })
})

test('a connection that failed has the name that it was to have', () => {
  const tuple = socktuple('1.1.1.1:1', '2.2.2.2:2')
  const connect = (res: number) => seen({ type: 'PPME_SOCKET_CONNECT_X', params: [res, tuple] }, { of: work, fd: tcp })
  assert.is(eventInfo(23)!.const, 'PPME_SOCKET_CONNECT_X')
  assert.is(text('fd.name', connect(0)), tcp.name)
  assert.is(text('fd.name', connect(-115)), '1.1.1.1:1->2.2.2.2:2')
})

test('an old openat has its path in the enter event, where it is not looked for', () => {
  assert.is(text('fd.name', seen({ type: 'PPME_SYSCALL_OPENAT_X', params: [ENOENT] }, { of: work })), undefined)
})

test('a change of the name is seen in the event that makes it', () => {
  const changed = fd({ type: FD.IPV4, name: 'b', oldName: 'a' })
  assert.is(text('fd.name_changed', of(changed)), 'true')
  assert.is(text('fd.name_changed', of(fd({ type: FD.IPV4, name: 'b', oldName: 'b' }))), 'false')
})

test('types of all fds', () => {
  work.fds.set(0, file).set(1, tcp).set(2, fd({ type: FD.FILE })).set(3, fd({ type: FD.UNSUPPORTED }))
  assert.equal(bindField('fd.types').all!(noFd()), ['file', 'ipv4', '<NA>'])
  assert.is(text('fd.types', noFd()), '(file,ipv4,<NA>)')
  assert.equal(bindField('fd.types[1]').all!(noFd()), ['ipv4'])
  assert.is(text('fd.types[7]', noFd()), undefined)
  assert.throws(() => bindField('fd.types[x]'), /number of an fd/)
  work.fds.clear()
})

test('addresses in filters', () => {
  type Case = [field: string, operator: Operator, operands: string[], tcp: boolean, v6: boolean, listening: boolean, idle: boolean]
  const cases: Case[] = [
    ['fd.ip', '=', ['10.0.0.1'], true, false, true, false],
    ['fd.ip', '=', ['20.0.0.2'], true, false, false, false],
    ['fd.ip', '!=', ['10.0.0.1'], false, true, false, true],
    ['fd.ip', 'in', ['1.1.1.1', '2001::2'], false, true, false, false],
    ['fd.ip', 'exists', [], true, true, true, true],
    ['fd.cip', '=', ['10.0.0.1'], true, false, false, false],
    ['fd.cip', '!=', ['10.0.0.1'], false, true, false, false],
    ['fd.sip', '=', ['2001:0:0::2'], false, true, false, false],
    ['fd.net', '=', ['10.0.0.0/8'], true, false, true, false],
    ['fd.net', '=', ['10.0.0.1/32'], true, false, true, false],
    ['fd.net', '!=', ['20.0.0.0/7'], false, true, true, true],
    ['fd.net', 'in', ['9.0.0.0/8', '20.0.0.0/30'], true, false, false, false],
    ['fd.net', '=', ['0.0.0.0/0'], true, false, true, true],
    ['fd.net', '=', ['2001::'], false, true, false, false],
    ['fd.net', '=', ['2000::/15'], false, true, false, false],
    ['fd.net', '=', ['2001::3/127'], false, true, false, false],
    ['fd.net', '=', ['2001::5/126'], false, false, false, false],
    ['fd.snet', '=', ['10.0.0.0/8'], false, false, false, false],
    ['fd.cnet', '=', ['10.0.0.0/8'], true, false, false, false],
    ['fd.port', '=', ['80'], true, false, false, false],
    ['fd.port', '!=', ['80'], false, true, true, true],
    ['fd.port', '<', ['80'], false, true, false, true],
    ['fd.port', 'in', ['8080', '5'], false, true, true, false],
    ['fd.proto', '>=', ['4000'], true, false, true, false],
  ]
  for (const [field, operator, operands, ...expected] of cases) {
    const found = [tcp, v6, listening, idle].map((info) => accepts(field, operator, operands, of(info)))
    assert.equal(found, expected, `${field} ${operator} ${operands.join(',')}`)
    assert.not(accepts(field, operator, operands, of(file)), `${field} of a file`)
    assert.not(accepts(field, operator, operands, noFd()), `${field} of nothing`)
  }
})

test('operands that are no addresses, networks or ports are refused', () => {
  const ev = of(tcp)
  for (const [field, operator, operand] of [
    ['fd.ip', '=', '10.0.0.0/8'], ['fd.ip', '<', '10.0.0.1'], ['fd.net', '=', '10.0.0.1'], ['fd.net', '=', '10.0.0.0/33'],
    ['fd.cip', '=', 'localhost'], ['fd.port', 'contains', '8'], ['fd.port', '=', 'no-such-service'], ['fd.sip', 'glob', '*'],
  ] as const) {
    assert.throws(() => accepts(field, operator, [operand], ev), (error: unknown) => error instanceof RangeError, `${field} ${operand}`)
  }
})

test('a failed bind to an address says nothing of it', () => {
  assert.is(text('fd.name', seen({ type: 'PPME_SOCKET_BIND_X', params: [-1, sockaddr('10.0.0.1:80')] }, { of: work })), '')
})
