import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { argsOf } from '../../../lib/event/args.js'
import { Lease } from '../../../lib/event/lease.js'
import { EVENT_COUNT, eventInfo } from '../../../lib/event/table.js'
import { jsonText } from '../../../lib/event/json.js'
import { lineText } from '../../../lib/event/line.js'
import { argsText } from '../../../lib/event/text.js'
import type { Args } from '../../../lib/event/types.generated.js'
import { event, eventOver, fdlist, record, type RecordFields, sockaddr, socktuple, unixTuple } from '../../helpers/record.js'

const args = (type: RecordFields['type'], ...params: NonNullable<RecordFields['params']>): Args => event({ type, params }).args

test('numbers', () => {
  const { fd, dirfd, mode, dev, ino } = args('PPME_SYSCALL_OPENAT_2_X', -2, -100, '', 1, 0o100644, 0xffff_ffff, 2n ** 64n - 1n)
  assert.equal([fd, dirfd, mode, dev, ino], [-2, -100, 0o100644, 0xffff_ffff, 2n ** 64n - 1n])
  assert.equal(args('PPME_SYSCALL_SEMOP_X', 0, 1, 2, -3).sem_op_0, -3)
  assert.equal(args('PPME_SYSCALL_LSEEK_E', 3, -5).offset, 2n ** 64n - 5n)
  assert.equal(args('PPME_SYSCALL_POLL_X', 2n ** 53n).res, 2 ** 53)
})

test('text and buffers', () => {
  assert.is(args('PPME_SYSCALL_CHDIR_X', 0, 'größe').path, 'größe')
  const long = '/a long path that is more than twenty-four bytes/ü'
  assert.is(args('PPME_SYSCALL_CHDIR_X', 0, long).path, long)
  assert.is(args('PPME_SYSCALL_CHDIR_X', 0, Buffer.from('no nul')).path, 'no nul')
  assert.is(args('PPME_SYSCALL_CHDIR_X', 0, Buffer.from([0x61, 0xff, 0])).path, 'a\ufffd')
  assert.equal(args('PPME_SYSCALL_READ_X', 3, 'a\0b').data, new Uint8Array([0x61, 0, 0x62]))
})

test('lists of strings', () => {
  const { args: argv, env, cgroups } = args('PPME_SYSCALL_EXECVE_19_X', 0, 'ls', ['-l', '', '/tmp'], 1, 1, 1, '/', 0, 0, 0, 0, 0, 0, 'ls',
    Buffer.from('cpu=/\0mem=/cut'), undefined)
  assert.equal([argv, cgroups, env], [['-l', '', '/tmp'], ['cpu=/', 'mem=/cut'], []])
})

test('socket addresses', () => {
  const addr = (bytes: Uint8Array) => args('PPME_SOCKET_CONNECT_E', 3, bytes).addr
  assert.equal(addr(sockaddr('127.0.0.1:8080')), { family: 'ipv4', address: '127.0.0.1', port: 8080 })
  assert.equal(addr(sockaddr('[2001:db8::1]:53')), { family: 'ipv6', address: '2001:db8::1', port: 53 })
  assert.equal(addr(sockaddr('/run/x')), { family: 'unix', path: '/run/x' })
  assert.equal(addr(new Uint8Array([16, 1, 2])), { family: 16 })
  assert.equal(addr(new Uint8Array([2, 1, 2])), undefined)
})

test('IPv6 addresses are written as inet_ntop does', () => {
  const address = (text: string) => (args('PPME_SOCKET_CONNECT_E', 3, sockaddr(`[${text}]:1`)).addr as { address: string }).address
  for (const text of ['::', '::1', '1::', 'fe80::1', '1:2:3:4:5:6:7:8', '2001:db8::1:0:0:1', '1:0:2:3:4:5:6:7']) assert.is(address(text), text)
  assert.is(address('::ffff:102:304'), '::ffff:1.2.3.4')
  assert.is(address('1:0:0:2:0:0:0:3'), '1:0:0:2::3')
})

test('socket tuples', () => {
  const tuple = (bytes: Uint8Array) => args('PPME_SOCKET_CONNECT_X', 0, bytes).tuple
  assert.equal(tuple(socktuple('10.0.0.1:4000', '10.0.0.2:80')), {
    family: 'ipv4', source: { address: '10.0.0.1', port: 4000 }, dest: { address: '10.0.0.2', port: 80 },
  })
  assert.equal(tuple(unixTuple(0xffff_8888_1234_5678n, 0n, '/run/x')), {
    family: 'unix', source: 0xffff_8888_1234_5678n, dest: 0n, path: '/run/x',
  })
  assert.equal(tuple(new Uint8Array([10, 1])), undefined)
})

test('lists of fds are as long as the bytes allow', () => {
  assert.equal(args('PPME_SYSCALL_POLL_E', fdlist([[3, 1], [-1, 0x44]])).fds, [{ fd: 3, flags: 1 }, { fd: -1, flags: 0x44 }])
  assert.equal(args('PPME_SYSCALL_POLL_E', new Uint8Array([0xff, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9])).fds, [{ fd: 3, flags: 1 }])
})

test('a value whose type is chosen by its first byte', () => {
  const val = (...bytes: number[]) => args('PPME_SOCKET_SETSOCKOPT_X', 0, 3, 1, 2, new Uint8Array(bytes)).val
  assert.is(val(2, 1, 0, 0, 0), 1)
  assert.is(val(4, 0, 0xca, 0x9a, 0x3b, 0, 0, 0, 0), 1_000_000_000n)
  assert.equal(val(0, 7, 8), new Uint8Array([7, 8]))
  assert.is(val(2), undefined)
  assert.equal(val(99, 1), new Uint8Array([1]))
})

test('signal sets', () => {
  assert.equal(args('PPME_SYSCALL_PPOLL_E', fdlist([]), 0, 0x4002).sigmask, ['SIGINT', 'SIGTERM'])
})

test('what is missing or could not be read is undefined; an empty buffer is empty', () => {
  const missing = args('PPME_SYSCALL_OPEN_X', undefined, undefined)
  assert.equal([missing.fd, missing.name, missing.flags], [undefined, undefined, undefined])
  assert.equal(args('PPME_SYSCALL_READ_X', 0, undefined).data, new Uint8Array(0))
  assert.is(args('PPME_SYSCALL_READ_X', 0).data, undefined)
  assert.is(args('PPME_SYSCALL_READ_X', 0).nonsense, undefined)
})

test('parameters beyond the table are ignored', () => {
  const extra = args('PPME_SYSCALL_CLOSE_E', 3, 'more', 'and more')
  assert.equal(JSON.stringify(extra), '{"fd":3}')
})

test('old records have a header of 22 bytes', () => {
  const bytes = record({ type: 'PPME_SYSCALL_CLOSE_E', params: [3] })
  const old = new Uint8Array(bytes.length - 4)
  old.set(bytes.subarray(0, 22))
  old.set(bytes.subarray(26), 22)
  const ev = eventOver(old)
  ev._header = 22
  ev._nparams = 1
  assert.is(ev.args.fd, 3)
  assert.is(argsText(ev), 'fd=3 ')
})

test('records with 32-bit lengths', () => {
  const ev = event({ type: 'PPME_ASYNCEVENT_E', params: [7, 'name', Buffer.alloc(70_000)] })
  assert.is((ev.args.data as Uint8Array).length, 70_000)
  assert.is(ev.args.name, 'name')
})

test('the object is reused, and follows its event', () => {
  const bytes = Buffer.concat([record({ type: 'PPME_SYSCALL_CLOSE_E', params: [3] }), record({ type: 'PPME_SYSCALL_CLOSE_E', params: [4] })])
  const ev = eventOver(new Uint8Array(bytes))
  const first = ev.args
  assert.is(first.fd, 3)
  ev._at = bytes.length / 2
  assert.is(ev.args, first)
  assert.is(first.fd, 4)
  assert.is(eventOver(new Uint8Array(bytes)).args === first, false)
})

test('toJSON, inspect and for-in show plain values', () => {
  const ev = event({ type: 'PPME_SYSCALL_PREAD_X', params: [5, 'hello'] })
  assert.is(JSON.stringify(ev.args), '{"res":5,"data":"aGVsbG8="}')
  assert.match(inspect(ev.args), /res: 5/)
  assert.equal(Object.keys(ev.retain().args), [])
  const names = []
  for (const name in ev.args) names.push(name)
  assert.equal(names.slice(0, 2), ['res', 'data'])
  assert.is(JSON.stringify(args('PPME_SYSCALL_FUTEX_E', 2n ** 63n, 0, 5)), '{"addr":"9223372036854775808","op":0,"val":5}')
  assert.is(JSON.stringify(args('PPME_SOCKET_CONNECT_X', 0, unixTuple(255n, 0n, 'x'))),
    '{"res":0,"tuple":{"family":"unix","source":"ff","dest":"0","path":"x"}}')
})

test('values are refused when the lease is over, copies are not', () => {
  const ev = event({ type: 'PPME_SYSCALL_OPEN_X', params: [3, '/etc/passwd', 1, 0] })
  ev._lease = new Lease()
  const kept = ev.args
  const copy = ev.retain()
  ev._lease.end()
  ev._end()
  for (const use of [() => kept.name, () => kept.fd, () => ev.args, () => argsOf(ev), () => argsText(ev), () => JSON.stringify(kept), () => lineText(ev)]) {
    assert.throws(use, (error: { code?: string }) => error.code === 'ERR_CAPTURE_LEASE')
  }
  assert.is(copy.args.name, '/etc/passwd')
})

test('hostile parameters give something or nothing, never an exception', () => {
  let seed = 1
  const random = (below: number) => (seed = (seed * 48271) % 0x7fff_ffff) % below
  for (let round = 0; round < 4; round++) {
    for (let type = 0; type < EVENT_COUNT; type++) {
      const params = eventInfo(type)!.params.map(() => Uint8Array.from({ length: random(round === 0 ? 3 : 45) }, () => random(256)))
      const ev = event({ type, params, ts: BigInt(random(1e9)) ** 2n })
      ev.num = 1
      assert.type(JSON.stringify(ev.args), 'string')
      assert.type(lineText(ev), 'string')
      assert.type(JSON.parse(jsonText(ev))['evt.type'], 'string')
    }
  }
})

test.run()
