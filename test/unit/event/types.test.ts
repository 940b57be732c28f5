/** Types of `ev.args`: checked by tsc; what runs here only shows that the values are what the types say. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PolledFd, SocketAddress, SocketTuple } from '../../../lib/event/decode.js'
import type { Args, ArgsByNameAndDirection, ArgsByType, ArgValue, EventName } from '../../../lib/event/types.generated.js'
import { event, sockaddr } from '../../helpers/record.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
function same<A, B>(..._: Equal<A, B> extends true ? [] : ['these types differ']): void {}

test('is(name) gives args their types', () => {
  const ev = event({ type: 'PPME_SYSCALL_OPENAT_2_X', params: [3, -100, '/etc/passwd', 1, 0, 0x801, 7] })
  if (!ev.is('openat')) return assert.unreachable()
  same<typeof ev.args.name, string | undefined>()
  same<typeof ev.args.fd, number | undefined>()
  same<typeof ev.args.ino, bigint | undefined>()
  assert.is(ev.args.name, '/etc/passwd')
  assert.is(ev.args.ino, 7n)
  // The event is still an event.
  same<typeof ev.ts, bigint>()
})

test('is(name, direction) knows what is not there', () => {
  const ev = event({ type: 'PPME_SYSCALL_READ_X', params: [2, 'hi'] })
  if (!ev.is('read', 'exit')) return assert.unreachable()
  same<typeof ev.args.data, Uint8Array | undefined>()
  same<ArgsByNameAndDirection['enter']['write'], { readonly fd?: number; readonly size?: number }>()
  assert.not.ok(event({ type: 'PPME_SYSCALL_READ_E' }).is('read', 'exit'))
})

test('sockets, lists of fds and lists of strings', () => {
  const ev = event({ type: 'PPME_SOCKET_CONNECT_E', params: [3, sockaddr('10.0.0.1:80')] })
  if (!ev.is('connect')) return assert.unreachable()
  same<typeof ev.args.addr, SocketAddress | undefined>()
  same<typeof ev.args.tuple, SocketTuple | undefined>()
  const { addr } = ev.args
  if (addr === undefined || addr.family !== 'ipv4') return assert.unreachable()
  same<typeof addr.port, number>()
  same<ArgsByType['PPME_SYSCALL_POLL_E']['fds'], PolledFd[] | undefined>()
  same<ArgsByType['PPME_SYSCALL_EXECVE_19_X']['args'], string[] | undefined>()
})

test('names', () => {
  const names: EventName[] = ['openat', 'switch', 'clock_nanosleep', 'sigreturn', 'packet']
  // @ts-expect-error there is no such event
  names.push('opennat')
  const ev = event({ type: 'PPME_GENERIC_E', params: [178, 230] })
  if (!ev.is('clock_nanosleep')) return assert.unreachable()
  same<typeof ev.args.nativeID, number | undefined>()
  assert.is(ev.args.nativeID, 230)
  // Any string may be asked for where nothing is known.
  const args: Args = ev.args
  same<(typeof args)['whatever'], ArgValue | undefined>()
})

test('types agree with the decoders', () => {
  const ev = event({ type: 'PPME_SYSCALL_NANOSLEEP_E', params: [1n] })
  if (!ev.is('nanosleep')) return assert.unreachable()
  same<typeof ev.args.interval, bigint | undefined>()
  assert.is(ev.args.interval, 1n)
})

test.run()
