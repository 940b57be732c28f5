import * as assert from 'uvu/assert'
import { Endpoint } from '../../../lib/flow/endpoint.js'
import { Owners } from '../../../lib/merge/owners.js'
import { setIp } from '../../../lib/merge/ends.js'
import { parseAddress } from '../../../lib/state/interfaces.js'
import { SocketOwner } from '../../../lib/state/socketowner.js'
import { State } from '../../../lib/state/state.js'
import { ThreadInfo } from '../../../lib/state/threadinfo.js'
import { suite } from '../../helpers/suite.js'

const test = suite('merge › owners')
const [TCP, UDP] = [6, 17]
const state = new State()

function end(address: string, port: number): Endpoint {
  const made = new Endpoint()
  setIp(made, parseAddress(address))
  made.port = port
  return made
}

function owner(pid: number, netns = 0): SocketOwner {
  const thread = new ThreadInfo(pid)
  thread.pid = pid
  return new SocketOwner(thread, 3, netns)
}

const HERE = end('10.0.0.1', 4000)
const THERE = end('10.0.0.2', 80)
const find = (owners: Owners, protocol = TCP, local = HERE, remote = THERE, wild = true, now = 0, netns = 0) =>
  owners.find(protocol, local, remote, wild, state, now, netns)?.thread?.pid

test('a connection goes before a call, a call before a port, an address before none', () => {
  const owners = new Owners()
  owners.bound(TCP, end('::', 4000), owner(1), 0)
  assert.is(find(owners), 1, 'a socket of IPv6 also gets IPv4')
  assert.is(find(owners, TCP, HERE, THERE, false), undefined, 'unless the address may be another machine\'s')
  owners.bound(TCP, end('0.0.0.0', 4000), owner(2), 0)
  assert.is(find(owners), 2)
  owners.bound(TCP, HERE, owner(3), 0)
  assert.is(find(owners, TCP, HERE, THERE, false), 3)
  owners.begin(TCP, THERE, owner(4), 0)
  assert.is(find(owners), 4)
  assert.is(find(owners), 4, 'from then on it is known')
  owners.connected(TCP, HERE, THERE, owner(5), 0)
  assert.is(find(owners), 5)
  assert.is(find(owners, UDP), undefined, 'of another protocol')
  assert.is(find(owners, TCP, THERE, HERE), undefined, 'the other end is another one')
})

test('two calls to one address get one packet each, in their order', () => {
  const owners = new Owners()
  owners.begin(TCP, THERE, owner(1), 0)
  owners.begin(TCP, THERE, owner(2), 0)
  assert.is(find(owners, TCP, end('10.0.0.1', 4001)), 1)
  assert.is(find(owners, TCP, end('10.0.0.1', 4002)), 2)
  assert.is(find(owners, TCP, end('10.0.0.1', 4003)), undefined)
})

test('a call is over some time after its end', () => {
  const owners = new Owners()
  const caller = owner(1)
  owners.begin(UDP, THERE, caller, 0)
  owners.end(UDP, THERE, caller, 10, 1)
  assert.is(find(owners, UDP, HERE, THERE, true, 12), undefined)
  owners.begin(UDP, THERE, caller, 20)
  owners.end(UDP, THERE, caller, 20, 1)
  assert.is(find(owners, UDP, HERE, THERE, true, 20.5), 1)
})

test('a socket without an address of its own: by its port and the other end', () => {
  const owners = new Owners()
  owners.met(UDP, end('0.0.0.0', 4000), THERE, owner(1), 0)
  assert.is(find(owners, UDP), 1)
  assert.is(find(owners, UDP, HERE, end('10.0.0.3', 80)), undefined)
})

test('where several processes listen, none of them is named', () => {
  const owners = new Owners()
  const one = owner(1)
  owners.bound(TCP, end('0.0.0.0', 4000), one, 0)
  owners.bound(TCP, end('0.0.0.0', 4000), owner(2), 0)
  assert.is(find(owners), undefined)
  assert.is(owners.ambiguous, 1)
  one.close(1, 0)
  assert.is(find(owners), 2, 'one that is closed does not count')
})

const [ONE, OTHER, THIRD] = [4026532001, 4026532002, 4026532003]
const findFrom = (owners: Owners, netns: number, local = HERE, remote = THERE, protocol = TCP) => find(owners, protocol, local, remote, true, 0, netns)

test('the same connection in two network namespaces: the one where the packet was seen', () => {
  const owners = new Owners()
  owners.connected(TCP, HERE, THERE, owner(1, ONE), 0)
  assert.is(findFrom(owners, OTHER), 1, 'of another namespace, as long as there is but one')
  owners.connected(TCP, HERE, THERE, owner(2, OTHER), 0)
  assert.is(owners.size, 2)
  assert.equal([findFrom(owners, ONE), findFrom(owners, OTHER)], [1, 2])
  assert.is(findFrom(owners, THIRD), undefined)
  assert.is(findFrom(owners, 0), undefined, 'nobody knows where it was seen')
  assert.is(owners.ambiguous, 2)
  owners.bound(TCP, end('0.0.0.0', 4000), owner(3, THIRD), 0)
  assert.is(findFrom(owners, THIRD), undefined, 'a listener is no way out')
  owners.connected(TCP, HERE, THERE, owner(4), 0)
  assert.is(owners.size, 3, 'one that is of any namespace takes the place of the first one')
})

test('loopback addresses are those of the namespace where the packet was seen', () => {
  const owners = new Owners()
  const [local, remote] = [end('127.0.0.1', 4000), end('127.0.0.1', 80)]
  owners.connected(TCP, local, remote, owner(1, ONE), 0)
  owners.bound(UDP, end('::', 4000), owner(1, ONE), 0)
  owners.begin(UDP, remote, owner(1, ONE), 0)
  assert.equal([findFrom(owners, ONE, local, remote), findFrom(owners, OTHER, local, remote)], [1, undefined])
  assert.equal([findFrom(owners, OTHER, local, remote, UDP), findFrom(owners, ONE, local, remote, UDP)], [undefined, 1])
  assert.is(findFrom(owners, 0, local, remote), 1, 'unless nobody knows where')
  owners.connected(TCP, end('::1', 4000), end('::1', 80), owner(2), 0)
  assert.is(findFrom(owners, OTHER, end('::1', 4000), end('::1', 80)), 2)
})

test('a port without an address: in the namespace that has the address, then where the packet was seen', () => {
  const owners = new Owners()
  owners.bound(TCP, end('0.0.0.0', 4000), owner(1, ONE), 0)
  owners.bound(TCP, end('0.0.0.0', 4000), owner(2, OTHER), 0)
  assert.is(findFrom(owners, ONE), 1)
  owners.bound(TCP, end('10.0.0.1', 22), owner(3, OTHER), 0)
  assert.is(findFrom(owners, ONE), 2, 'seen on a bridge on its way')
  assert.is(findFrom(owners, THIRD), 2)
  owners.begin(UDP, THERE, owner(1, ONE), 0)
  owners.begin(UDP, THERE, owner(2, OTHER), 0)
  assert.is(findFrom(owners, ONE, end('10.0.0.1', 4001), THERE, UDP), 2, 'of two calls too')
  assert.is(findFrom(owners, ONE, end('10.0.0.9', 4001), THERE, UDP), 1)
})

test('closed sockets linger for the last segments, as long as these come, and go', () => {
  const owners = new Owners()
  const closed = owner(1)
  owners.connected(TCP, HERE, THERE, closed, 0)
  closed.close(2, 10)
  assert.is(closed.isClosed(10), false, 'closed by another process that had it too')
  closed.close(1, 10)
  assert.is(find(owners, TCP, HERE, THERE, true, 50), 1)
  owners.bound(UDP, HERE, owner(2), 100)
  assert.is(owners.size, 2, 'the packet at 50 s was the last')
  owners.bound(UDP, THERE, owner(2), 120)
  assert.is(owners.size, 2)
  assert.is(find(owners, TCP, HERE, THERE, true, 120), undefined)
  const ended = owner(3)
  owners.connected(TCP, HERE, THERE, ended, 130)
  ended.thread!.ended = true
  assert.is(ended.isClosed(130), true, 'with its process')
})

test('memory is bounded, and what had to go is counted', () => {
  const owners = new Owners(1000)
  for (let i = 0; i < 5000; i++) owners.connected(TCP, end(`10.1.${i >> 8}.${i & 255}`, 4000), THERE, owner(i), 0)
  assert.ok(owners.size <= 1000)
  assert.is(owners.evicted, 5000 - owners.size)
  assert.is(find(owners, TCP, end('10.1.19.135', 4000)), 4999, 'the youngest stay')
})

test('datagrams\' ends are forgotten when they are idle, connections are not', () => {
  const owners = new Owners()
  owners.met(UDP, HERE, THERE, owner(1), 0)
  owners.connected(UDP, HERE, end('10.0.0.9', 53), owner(2), 0)
  owners.bound(TCP, HERE, owner(3), 500)
  assert.is(owners.size, 2)
  assert.is(find(owners, UDP, HERE, end('10.0.0.9', 53), true, 500), 2)
})
