/** What cannot be compared with sysdig 0.29.3: checks, raw arguments that it does not print, fields of later versions. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event } from '../../../lib/event/event.js'
import type { Operator } from '../../../lib/field/field.js'
import { bindField } from '../../../lib/field/registry.js'
import { FD, FdInfo } from '../../../lib/state/fdinfo.js'
import { State } from '../../../lib/state/state.js'
import { event, type RecordFields, unixTuple } from '../../helpers/record.js'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')
const get = (field: string, ev: Event) => bindField(field).get(ev)

function check(field: string, operator: Operator, ...operands: string[]): (ev: Event) => boolean {
  const compare = bindField(field).compare!(operator, operands)
  if (compare === undefined) throw new Error(`${field} has no ${operator} of its own`)
  return compare
}

const open = event({ type: 'PPME_SYSCALL_OPEN_E', params: ['/x', 1, 0] })
const openat2 = event({ type: 'PPME_SYSCALL_OPENAT2_X', params: [-2, -100, 'x', 0x4005, 0o644, 0] })
const openat = event({ type: 'PPME_SYSCALL_OPENAT_2_X', params: [-2, -100, 'x', 1, 0, 0] })
const getpid = event({ type: 'PPME_GENERIC_X', params: [20, 39] })

/** The events of one thread, which the state has followed. */
function follow(...records: RecordFields[]): Event {
  const state = new State()
  let ev: Event | undefined
  for (const fields of records) state.update(ev = event({ tid: 7, ...fields }))
  return ev!
}

test('evt.type: all versions, both directions, calls without an event of their own', () => {
  const isOpen = check('evt.type', '=', 'open')
  assert.equal([open, openat, getpid].map(isOpen), [true, false, false])
  assert.equal([open, openat, openat2].map(check('evt.type', 'in', 'open', 'openat2')), [true, false, true])
  assert.equal([open, openat, getpid].map(check('evt.type', '!=', 'open')), [false, true, true])
  const generic = String(get('evt.type', getpid))
  assert.equal([open, getpid].map(check('evt.type', '=', generic)), [false, true])
  const old = event({ type: 'PPME_SYSCALL_OPENAT_E', params: [-100, 'x', 1, 0] })
  assert.equal([openat, old].map(check('evt.type', '=', 'openat')), [true, true])
})

test('evt.type: names that are none, and operators that are those of text', () => {
  const compare = bindField('evt.type').compare!
  for (const operator of ['=', 'in', 'contains'] as const) {
    assert.throws(() => compare(operator, ['opne']), (error: unknown) => error instanceof RangeError && /opne/.test(error.message))
  }
  assert.throws(() => compare('=', ['NA']), (error: unknown) => error instanceof RangeError)
  assert.is(compare('contains', ['open']), undefined)
  assert.is(compare('exists', []), undefined)
})

test('evt.type.is', () => {
  assert.equal([open, openat].map(ev => get('evt.type.is.open', ev)), [1, 0])
  assert.is(get(`evt.type.is.${open.type}`, open), 1)
})

test('evt.around: some milliseconds about a moment, both ends included', () => {
  const T = 1_700_000_000_000_000_000n
  const at = (ts: bigint) => event({ type: 'PPME_SYSCALL_CLOSE_E', ts, params: [3] })
  const near = check(`evt.around[${T}]`, '=', '2')
  const distances = [-2_000_001n, -2_000_000n, 0n, 2_000_000n, 2_000_001n]
  assert.equal(distances.map(d => near(at(T + d))), [false, true, true, true, false])
  // Over the border of 32 bits.
  const border = 400_000_000n << 32n
  const about = check(`evt.around[${border}]`, '=', '1')
  assert.equal([-1_000_001n, -1n, 1_000_000n, 1_000_001n].map(d => about(at(border + d))), [false, true, true, false])
  assert.throws(() => check('evt.around[1]', '>', '1'), (error: unknown) => error instanceof RangeError)
  assert.throws(() => check('evt.around[1]', '=', 'x'), (error: unknown) => error instanceof RangeError)
})

test('raw arguments have the type of the record', () => {
  assert.is(get('evt.rawarg.fd', openat2), -2)
  assert.is(get('evt.rawarg.flags', openat2), 0x4005)
  assert.is(get('evt.rawarg.name', openat2), 'x')
  assert.is(get('evt.rawarg.size', openat2), undefined)
  const read = event({ type: 'PPME_SYSCALL_READ_X', params: [2, bytes('\0a')] })
  assert.equal(Buffer.from(get('evt.rawarg.data', read) as Uint8Array), bytes('\0a'))
  const lseek = event({ type: 'PPME_SYSCALL_LSEEK_E', params: [3, 0xffff_ffff_ffff_ffffn, 0] })
  assert.is(get('evt.rawarg.offset', lseek), 18_446_744_073_709_551_615n)
  assert.is(get('evt.rawarg.fd', event({ type: 'PPME_SYSCALL_CLOSE_E', params: [bytes('abc')] })), undefined)
  assert.equal(['fd', 'flags', 'name', 'data', 'uid', 'mode', 'tuple'].map(name => bindField(`evt.rawarg.${name}`).type),
    ['INT64', 'UINT32', 'CHARBUF', 'BYTEBUF', 'UINT32', 'UINT32', 'CHARBUF'])
})

test('what a bound field counts and remembers is its own', () => {
  const [first, second] = [bindField('util.cnt'), bindField('util.cnt')]
  assert.equal([first.get(open), first.get(open), second.get(open)], [1, 2, 1])
  const [a, b] = [bindField('evt.deltatime'), bindField('evt.deltatime')]
  const later = event({ type: 'PPME_SYSCALL_CLOSE_E', ts: 5_000_000_007n, params: [3] })
  const earlier = event({ type: 'PPME_SYSCALL_CLOSE_E', ts: 7n, params: [3] })
  assert.equal([a.get(earlier), a.get(later), b.get(later), a.get(earlier)], [0, 5_000_000_000, 0, 18_446_744_068_709_551_616n])
})

test('without state there is what the record says', () => {
  assert.is(get('evt.args', open), 'name=/x flags=1(O_RDONLY) mode=0 ')
  assert.is(get('evt.reltime', open), undefined)
  assert.is(get('evt.latency', open), 0)
  assert.is(get('evt.buflen', open), undefined)
  assert.is(get('evt.abspath', openat), undefined)
  assert.is(get('evt.arg.fd', openat), 'ENOENT')
  assert.is(get('fs.path.name', openat), undefined)
})

test('events of Docker', () => {
  const of = (description: string) => event({ type: 'PPME_INFRASTRUCTURE_EVENT_E', params: ['docker', 'x', description, ''] })
  const ev = of('Event: start; ID: 0123456789abcdef; name: web ; Image: nginx@sha256:12')
  assert.equal(['name', 'container.id', 'container.name', 'container.image'].map(name => get(`evt.infra.docker.${name}`, ev)),
    ['start', '0123456789ab', 'web', 'nginx'])
  assert.is(get('evt.infra.docker.container.image', of('Image: sha256:12ab')), 'sha256:12ab')
  assert.is(get('evt.infra.docker.container.image', of('Image: nginx')), 'nginx')
  assert.is(get('evt.infra.docker.name', of('nothing')), undefined)
  assert.is(get('evt.infra.docker.name', open), undefined)
})

test('where an event comes from', () => {
  const drop = event({ type: 'PPME_DROP_E', params: [1] })
  assert.equal([open, drop].map(ev => get('evt.is_async', ev)), [false, true])
  assert.equal([open, drop].map(ev => get('evt.asynctype', ev)), [undefined, 'drop'])
  assert.is(get('evt.source', open), 'syscall')
  assert.is(get('evt.source', event({ type: 'PPME_PLUGINEVENT_E', params: [1, bytes('x')] })), undefined)
  assert.equal([getpid, open].map(ev => get('syscall.type', ev) === get('evt.type', ev)), [true, true])
  assert.is(get('syscall.type', event({ type: 'PPME_SCHEDSWITCH_6_E', params: [1, 0, 0, 0, 0, 0] })), undefined)
})

test('evt.hostname: of a file that of its machine', () => {
  const ev = follow({ type: 'PPME_SYSCALL_CLOSE_E', params: [3] })
  assert.is(get('evt.hostname', ev), undefined)
  ev._state!.machine = { cpus: 1, memory: 1, maxPid: 1, hostname: 'there', bootTime: 0n }
  assert.is(get('evt.hostname', ev), 'there')
})

test('files that were created', () => {
  assert.is(get('evt.is_open_create', openat2), true)
  assert.is(get('evt.is_open_create', openat), false)
  assert.is(get('evt.is_open_create', event({ type: 'PPME_SYSCALL_OPEN_X', params: [3, '/tmp', 0x2003, 0, 0] })), true)
  assert.is(get('evt.is_open_create', event({ type: 'PPME_SYSCALL_OPEN_X', params: [-1, '/tmp', 0x2003, 0, 0] })), false)
})

test('a message to the log, with what says how grave it is', () => {
  const ev = follow(
    { type: 'PPME_SYSCALL_OPEN_E', params: ['/dev/log', 2, 0] },
    { type: 'PPME_SYSCALL_OPEN_X', params: [5, '/dev/log', 2, 0, 0] },
    { type: 'PPME_SYSCALL_WRITE_E', params: [5, 9] },
    { type: 'PPME_SYSCALL_WRITE_X', params: [9, bytes('<86>login')] })
  assert.equal(['facility', 'facility.str', 'severity', 'severity.str', 'message'].map(name => get(`syslog.${name}`, ev)),
    [10, 'authpriv', 6, 'info', 'login'])
  assert.is(get('evt.info', ev), 'syslog sev=info msg=login')
  assert.is(get('evt.args', ev), 'res=9 data=<86>login ')
  ev._fd = Object.assign(new FdInfo(), { type: FD.FILE, name: '/tmp/x' })
  assert.is(get('syslog.message', ev), undefined)
})

test('paths of calls that did not fail', () => {
  const paths = (ev: Event) => ['name', 'nameraw', 'source', 'sourceraw', 'target', 'targetraw'].map(name => get(`fs.path.${name}`, ev))
  const chdir: RecordFields[] = [{ type: 'PPME_SYSCALL_CHDIR_E' }, { type: 'PPME_SYSCALL_CHDIR_X', params: [0, '/srv'] }]
  const none = [undefined, undefined, undefined, undefined, undefined, undefined]
  const mkdir = (result: number, path: string) => follow(
    ...chdir, { type: 'PPME_SYSCALL_MKDIR_2_E', params: [0] }, { type: 'PPME_SYSCALL_MKDIR_2_X', params: [result, path] })
  assert.equal(paths(mkdir(0, './a')),
    ['/srv/a', './a', undefined, undefined, undefined, undefined])
  assert.equal(paths(mkdir(-17, 'a')), none)
  assert.equal(paths(follow(...chdir, { type: 'PPME_SYSCALL_RENAME_E' }, { type: 'PPME_SYSCALL_RENAME_X', params: [0, 'a', '/b'] })),
    [undefined, undefined, '/srv/a', 'a', '/b', '/b'])
  assert.equal(paths(follow(...chdir, { type: 'PPME_SYSCALL_OPENAT_2_E', params: [-100, 'f', 1, 0] },
    { type: 'PPME_SYSCALL_OPENAT_2_X', params: [5, -100, 'f', 1, 0, 0] })).slice(0, 2), ['/srv/f', 'f'])
  assert.equal(paths(open), none)
})

test('a link to the log is none of its messages', () => {
  const ev = follow(
    { type: 'PPME_SOCKET_SOCKET_E', params: [1, 2, 0] }, { type: 'PPME_SOCKET_SOCKET_X', params: [5] },
    { type: 'PPME_SOCKET_CONNECT_E', params: [5, bytes('')] },
    { type: 'PPME_SOCKET_CONNECT_X', params: [0, unixTuple(1n, 2n, '/dev/log')] })
  assert.is(get('syslog.message', ev), undefined)
  assert.is(get('evt.is_syslog', ev), false)
})

test.run()
