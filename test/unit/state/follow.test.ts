import * as assert from 'uvu/assert'
import type { Event } from '../../../lib/event/event.js'
import { EVENT_COUNT, eventInfo } from '../../../lib/event/table.js'
import type { ListedThread } from '../../../lib/iface/file/lists.js'
import { CLOSE_ON_EXEC, FD, type FdInfo, ROLE_CLIENT, ROLE_SERVER } from '../../../lib/state/fdinfo.js'
import { fill, type Initial } from '../../../lib/state/initial.js'
import { MAX_FDS, MAX_THREADS, State } from '../../../lib/state/state.js'
import type { ThreadInfo } from '../../../lib/state/threadinfo.js'
import { event, type ParamValue, sockaddr, socktuple } from '../../helpers/record.js'
import { suite } from '../../helpers/suite.js'

const test = suite('follow')

type Model = 'both' | 'exit'
type Params = Readonly<Record<string, ParamValue>>

const SECOND = 1_000_000_000n

/** A state that is told calls as one of the two models has them. */
class Script {
  readonly state = new State()
  ts = 1_700_000_000n * SECOND

  constructor(readonly model: Model) {
    fill(this.state, { ...NOTHING, threads: [listed(100, 'shell', '/home/me')], fds: [{ pid: 100, fds: [] }] })
  }

  /** One event. Parameters that are not given are empty; the record ends with the last one that is. */
  event(code: string, tid: number, params: Params = {}): Event {
    const ev = make(code, tid, params, this.ts++)
    this.state.update(ev)
    return ev
  }

  enter(code: string, tid: number, params: Params = {}): void {
    if (this.model === 'both') this.event(`PPME_${code}_E`, tid, params)
  }

  /** `full`: what only the exit events of the other model say. */
  exit(code: string, tid: number, params: Params, full: Params = {}): Event {
    return this.event(`PPME_${code}_X`, tid, this.model === 'both' ? params : { ...params, ...full })
  }

  /** A call about an fd, which both of its events say where they can. */
  call(code: string, tid: number, fd: number, params: Params, full: Params = {}, enter: Params = {}): Event {
    this.enter(code, tid, { fd, ...enter })
    return this.exit(code, tid, params, { ...full, fd })
  }

  open(tid: number, fd: number, name: string, flags = 1): Event {
    this.enter('SYSCALL_OPEN', tid, { name, flags, mode: 0 })
    return this.exit('SYSCALL_OPEN', tid, { fd, name, flags, mode: 0 })
  }

  close(tid: number, fd: number, res = 0): Event {
    return this.call('SYSCALL_CLOSE', tid, fd, { res })
  }

  clone(tid: number, child: number, params: Params = {}): Event {
    return this.exit('SYSCALL_CLONE_20', tid, {
      res: child, exe: '/bin/sh', args: ['-i'], tid, pid: tid, ptid: 1, cwd: '', fdlimit: 1024, pgft_maj: 0, pgft_min: 0, vm_size: 0,
      vm_rss: 0, vm_swap: 0, comm: 'shell', cgroups: [], flags: 0, uid: 0, gid: 0, vtid: tid, vpid: tid, ...params,
    })
  }

  born(child: number, parent: number, params: Params = {}): Event {
    return this.clone(child, 0, { pid: child, ptid: parent, vtid: child, vpid: child, ...params })
  }

  execve(tid: number, exe: string, params: Params = {}): Event {
    this.enter('SYSCALL_EXECVE_19', tid, { filename: exe })
    const comm = exe.slice(exe.lastIndexOf('/') + 1)
    return this.exit('SYSCALL_EXECVE_19', tid, {
      res: 0, exe, args: [], tid, pid: tid, ptid: 100, comm, trusted_exepath: exe, ...params,
    })
  }

  ended(tid: number, params: Params = {}): void {
    this.event('PPME_PROCEXIT_1_E', tid, { status: 0, ret: 0, sig: 0, core: 0, reaper_tid: 1, ...params })
  }

  thread(tid: number): ThreadInfo {
    return this.state.thread(tid)!
  }

  fd(tid: number, fd: number): FdInfo | undefined {
    return this.thread(tid).fds.get(fd)
  }

  /** By fd. */
  names(tid: number): Record<number, string> {
    return Object.fromEntries([...this.thread(tid).fds].map(([fd, { name }]) => [fd, name]))
  }
}

const codes = new Map(Array.from({ length: EVENT_COUNT }, (_, code) => [eventInfo(code)!.const as string, eventInfo(code)!]))

function make(code: string, tid: number, params: Params, ts: bigint): Event {
  const info = codes.get(code)!
  const unknown = Object.keys(params).filter(name => !info.params.some(param => param.name === name) && name !== 'fd')
  assert.equal(unknown, [], code)
  const last = info.params.findLastIndex(({ name }) => Object.hasOwn(params, name))
  const values = info.params.slice(0, last + 1).map(({ name }) => params[name])
  return event({ type: code as Parameters<typeof event>[0]['type'], tid, ts, params: values })
}

const NOTHING: Initial = { machine: undefined, interfaces: [], users: [], groups: [], threads: [], fds: [] }

function listed(tid: number, comm: string, cwd: string, more: Partial<ListedThread> = {}): ListedThread {
  return {
    tid, pid: tid, ptid: 1, sid: tid, vpgid: tid, comm, exe: `/bin/${comm}`, exepath: `/bin/${comm}`, args: [], cwd, vtid: tid, vpid: tid,
    flags: 0, uid: 0, gid: 0, ...more,
  } as ListedThread
}

const CLONE_FILES = 1
const THREAD = (1 << 13) | CLONE_FILES
const O_CLOEXEC = 1 << 12

for (const model of ['both', 'exit'] as const) {
  test(`${model}: a child is what its parent was, whichever of the two is heard first`, () => {
    for (const inverted of [false, true]) {
      const script = new Script(model)
      script.open(100, 3, 'notes')
      const first = () => { if (inverted) script.born(200, 100); else script.clone(100, 200) }
      const second = () => { if (inverted) script.clone(100, 200); else script.born(200, 100) }
      first()
      const child = script.thread(200)
      assert.equal([child.comm, child.pid, child.ptid, child.cwd], ['shell', 200, 100, '/home/me/'])
      assert.equal(script.names(200), { 3: '/home/me/notes' })
      script.open(200, 4, '/etc/passwd')
      second()
      // The second one adds nothing, and takes nothing away.
      assert.is(script.thread(200), child)
      assert.equal(script.names(200), { 3: '/home/me/notes', 4: '/etc/passwd' })
      assert.equal(script.names(100), { 3: '/home/me/notes' })
    }
  })

  test(`${model}: an event of the child before both finds a child without a name, which clone then gives one`, () => {
    const script = new Script(model)
    script.open(200, 7, '/early')
    script.clone(100, 200)
    assert.equal([script.thread(200).comm, script.thread(200).ptid], ['shell', 100])
  })

  test(`${model}: a number that another thread had, whose end was not seen`, () => {
    const script = new Script(model)
    script.clone(100, 200)
    script.execve(200, '/bin/old')
    script.open(200, 9, '/of/the/old')
    script.ts += 3n * SECOND
    script.born(200, 100)
    assert.is(script.thread(200).comm, 'shell')
    assert.equal(script.names(200), {})
    script.clone(100, 200)
    assert.is(script.thread(200).comm, 'shell')
  })

  test(`${model}: threads share a table, and it stays when the main thread ends first`, () => {
    const script = new Script(model)
    script.clone(100, 101, { flags: THREAD })
    script.open(101, 3, 'shared')
    assert.is(script.thread(101).fds, script.thread(100).fds)
    assert.is(script.open(101, 4, 'x').thread!.pid, 100)
    script.ended(100)
    script.open(101, 5, 'late')
    assert.equal(script.names(101), { 3: '/home/me/shared', 4: '/home/me/x', 5: '/home/me/late' })
    script.ended(101)
    script.event('PPME_SYSCALL_CHDIR_X', 300, { res: -2 })
    assert.equal([script.state.thread(100), script.state.thread(101)], [undefined, undefined])
  })

  test(`${model}: processes that share files, until one executes another program`, () => {
    const script = new Script(model)
    script.clone(100, 200, { flags: CLONE_FILES })
    script.open(200, 3, '/a')
    script.open(200, 4, '/b', 1 | O_CLOEXEC)
    assert.equal(script.names(100), { 3: '/a', 4: '/b' })
    script.execve(200, '/bin/new')
    assert.equal(script.names(200), { 3: '/a' })
    assert.equal(script.names(100), { 3: '/a', 4: '/b' })
    script.close(200, 3)
    script.open(200, 5, '/c')
    assert.equal(script.names(100), { 3: '/a', 4: '/b' })
  })

  test(`${model}: exec closes what is marked`, () => {
    const script = new Script(model)
    script.open(100, 3, '/stays')
    script.open(100, 4, '/goes', 1 | O_CLOEXEC)
    script.exit('SYSCALL_PIPE2', 100, { res: 0, fd1: 5, fd2: 6, ino: 77n, flags: O_CLOEXEC })
    script.enter('SYSCALL_DUP2', 100, { fd: 4 })
    script.exit('SYSCALL_DUP2', 100, { res: 7, oldfd: 4, newfd: 7 })
    script.enter('SYSCALL_DUP3', 100, { fd: 3 })
    script.exit('SYSCALL_DUP3', 100, { res: 8, oldfd: 3, newfd: 8, flags: O_CLOEXEC })
    script.execve(100, '/bin/new')
    assert.equal(script.names(100), { 3: '/stays', 7: '/goes' })
    assert.equal([script.thread(100).comm, script.thread(100).exepath], ['new', '/bin/new'])
  })

  test(`${model}: an exec that fails changes nothing`, () => {
    const script = new Script(model)
    script.open(100, 4, '/stays', 1 | O_CLOEXEC)
    script.execve(100, '/bin/none', { res: -2 })
    assert.equal([script.thread(100).comm, script.names(100)], ['shell', { 4: '/stays' }])
  })

  test(`${model}: a close ends in the event after, and one that fails ends nothing`, () => {
    const script = new Script(model)
    script.open(100, 3, '/a')
    assert.is(script.close(100, 3, -9).fd!.name, '/a')
    assert.is(script.fd(100, 3)!.closing, false)
    assert.is(script.close(100, 3).fd!.name, '/a')
    script.open(100, 4, '/b')
    assert.equal(script.names(100), { 4: '/b' })
  })

  test(`${model}: dup2 over an open fd, onto itself, and of one that nobody knows`, () => {
    const script = new Script(model)
    const dup2 = (from: number, to: number) => {
      script.enter('SYSCALL_DUP2', 100, { fd: from })
      return script.exit('SYSCALL_DUP2', 100, { res: to }, { oldfd: from, newfd: to })
    }
    script.open(100, 3, '/a', 1 | O_CLOEXEC)
    script.open(100, 4, '/b')
    dup2(3, 4)
    assert.equal(script.names(100), { 3: '/a', 4: '/a' })
    assert.is(script.fd(100, 4)!.flags & CLOSE_ON_EXEC, 0)
    assert.is(dup2(3, 3).fd!.name, '/a')
    assert.ok((script.fd(100, 3)!.flags & CLOSE_ON_EXEC) !== 0)
    dup2(50, 4)
    assert.equal(script.names(100), { 3: '/a' })
  })

  test(`${model}: fcntl copies and marks`, () => {
    const script = new Script(model)
    script.open(100, 3, '/a')
    const fcntl = (cmd: number, res: number, arg: number) =>
      script.call('SYSCALL_FCNTL', 100, 3, { res, cmd, arg: undefined }, { arg }, { cmd })
    assert.is(fcntl(1, 9, 9).fd!.name, '/a')
    fcntl(26, 10, 9)
    assert.equal(script.names(100), { 3: '/a', 9: '/a', 10: '/a' })
    assert.ok((script.fd(100, 10)!.flags & CLOSE_ON_EXEC) !== 0)
    fcntl(3, 0, 1)
    // The argument is in the exit event of this model alone.
    assert.is((script.fd(100, 3)!.flags & CLOSE_ON_EXEC) !== 0, model === 'exit')
    fcntl(2, 1, 0)
    fcntl(1, -24, 0)
    assert.equal(Object.keys(script.names(100)), ['3', '9', '10'])
  })

  test(`${model}: the two ends of a connection, and who serves`, () => {
    const script = new Script(model)
    const socket = (fd: number, type: number) => script.exit('SOCKET_SOCKET', 100, { fd, domain: 2, type, proto: 0 })
    if (model === 'both') script.event('PPME_SOCKET_SOCKET_E', 100, { domain: 2, type: 1, proto: 0 })
    socket(3, 1)
    assert.equal([script.fd(100, 3)!.type, script.fd(100, 3)!.name], [FD.IPV4, ''])
    script.call('SOCKET_BIND', 100, 3, { res: 0, addr: sockaddr('127.0.0.1:80') })
    const server = script.fd(100, 3)!
    assert.equal([server.type, server.name, server.flags & ROLE_SERVER], [FD.IPV4_SERVER, '127.0.0.1:80', ROLE_SERVER])
    const tuple = socktuple('127.0.0.1:4000', '127.0.0.1:80')
    const accepted = script.exit('SOCKET_ACCEPT_5', 100, { fd: 4, tuple, queuepct: 0, queuelen: 0, queuemax: 5 })
    assert.equal([accepted.fd!.name, accepted.fd!.flags & (ROLE_CLIENT | ROLE_SERVER)], ['127.0.0.1:4000->127.0.0.1:80', ROLE_SERVER])
    if (model === 'both') script.event('PPME_SOCKET_SOCKET_E', 100, { domain: 2, type: 1, proto: 0 })
    socket(5, 1)
    const addr = sockaddr('127.0.0.1:80')
    const connected = script.call('SOCKET_CONNECT', 100, 5, { res: 0, tuple }, { addr }, { addr })
    assert.equal([connected.fd!.name, connected.fd!.flags & (ROLE_CLIENT | ROLE_SERVER)], ['127.0.0.1:4000->127.0.0.1:80', ROLE_CLIENT])
    const failed = script.call('SOCKET_CONNECT', 100, 5, { res: -111 })
    assert.is(failed.fd!.name, '127.0.0.1:4000->127.0.0.1:80')
  })

  test(`${model}: datagrams name the client first, in both directions`, () => {
    const script = new Script(model)
    const server = '10.0.0.1:53'
    script.exit('SOCKET_SOCKET', 100, { fd: 3, domain: 2, type: 2, proto: 0 })
    const sent = socktuple('10.0.0.9:5000', server)
    script.call('SOCKET_SENDTO', 100, 3, { res: 1, data: 'q' }, { size: 1, tuple: sent }, { size: 1, tuple: sent })
    script.call('SOCKET_RECVFROM', 100, 3, { res: 1, data: 'a', tuple: socktuple(server, '10.0.0.9:5000') }, { size: 9 }, { size: 9 })
    const info = script.fd(100, 3)!
    // Where the tuple is in the enter event it is read from there.
    assert.equal([info.name, info.flags & (ROLE_CLIENT | ROLE_SERVER)], [`10.0.0.9:5000->${server}`, ROLE_CLIENT])
    // An answer to a socket that is bound to no address.
    script.call('SOCKET_RECVFROM', 100, 3, { res: 1, data: 'a', tuple: socktuple(server, '0.0.0.0:5000') }, { size: 9 }, { size: 9 })
    assert.is(script.fd(100, 3)!.name, `10.0.0.9:5000->${server}`)
  })
}

test('a number that is given away again before its close has ended', () => {
  const script = new Script('both')
  script.clone(100, 101, { flags: THREAD })
  script.open(100, 3, '/old')
  script.event('PPME_SYSCALL_CLOSE_E', 100, { fd: 3 })
  assert.is(script.open(101, 3, '/new').fd!.name, '/new')
  script.event('PPME_SYSCALL_READ_E', 101, { fd: 3, size: 1 })
  assert.is(script.event('PPME_SYSCALL_READ_X', 101, { res: 1, data: 'x' }).fd!.name, '/new')
  assert.is(script.event('PPME_SYSCALL_CLOSE_X', 100, { res: 0 }).fd!.name, '/old')
  script.event('PPME_SYSCALL_CHDIR_X', 300, { res: -2 })
  assert.equal(script.names(100), { 3: '/new' })
  // And that one can be closed.
  script.close(101, 3)
  script.event('PPME_SYSCALL_CHDIR_X', 300, { res: -2 })
  assert.equal(script.names(100), {})
})

test('exec by another thread than the main one ends them all but that', () => {
  const script = new Script('both')
  script.clone(100, 101, { flags: THREAD })
  script.clone(100, 102, { flags: THREAD })
  script.ended(102)
  script.ended(100)
  script.execve(100, '/bin/new')
  assert.equal([...script.state.threads.keys()], [100])
  script.ended(100)
  script.event('PPME_SYSCALL_CHDIR_X', 300, { res: -2 })
  assert.equal([...script.state.threads.keys()], [300])
})

test('a second exit event after one enter event is not its end', () => {
  const script = new Script('both')
  script.open(100, 3, '/a')
  script.event('PPME_SYSCALL_READ_E', 100, { fd: 3, size: 1 })
  assert.is(script.event('PPME_SYSCALL_READ_X', 100, { res: 1, data: 'x' }).fd!.name, '/a')
  assert.is(script.event('PPME_SYSCALL_READ_X', 100, { res: 1, data: 'x' }).fd, undefined)
})

test('mmap is about an fd that is not its first parameter', () => {
  const script = new Script('both')
  script.open(100, 3, '/lib')
  for (const [fd, name] of [[3, '/lib'], [-1, undefined]] as const) {
    assert.is(script.event('PPME_SYSCALL_MMAP_E', 100, { addr: 3, length: 4096, prot: 1, flags: 2, fd, offset: 0 }).fd?.name, name)
  }
})

test('what is about a container is no thread\'s', () => {
  const script = new Script('both')
  const { size } = script.state.threads
  const json = JSON.stringify({ container: { id: 'abc', type: 0, name: 'web', image: 'nginx' } })
  const ev = script.event('PPME_CONTAINER_JSON_2_E', 4711, { json })
  assert.equal([ev.thread, script.state.threads.size, script.state.containers.get('abc')?.name], [undefined, size, 'web'])
})

test('lists that come late name those of whom only the number is known, and leave the others alone', () => {
  const script = new Script('both')
  script.event('PPME_SYSCALL_CHDIR_X', 300, { res: -2 })
  script.clone(100, 200)
  fill(script.state, { ...NOTHING, threads: [listed(300, 'late', '/'), listed(200, 'wrong', '/'), listed(100, 'wrong', '/')] })
  assert.equal([300, 200, 100].map(tid => script.thread(tid).comm), ['late', 'shell', 'shell'])
})

test('20 000 processes and threads with files leave nothing behind', () => {
  const script = new Script('exit')
  script.open(100, 3, '/inherited')
  const sizes = [script.state.threads.size, script.thread(100).fds.size]
  for (let i = 0; i < 20_000; i++) {
    const tid = 1000 + i
    const flags = i % 3 === 0 ? THREAD : 0
    script.clone(100, tid, { flags })
    script.born(tid, 100, { flags, ...(flags !== 0 && { pid: 100 }) })
    script.open(tid, 10, `/tmp/${i}`)
    if (flags !== 0 || i % 2 === 0) script.close(tid, 10)
    script.ended(tid)
  }
  script.event('PPME_SYSCALL_CHDIR_X', 100, { res: -2 })
  assert.equal([script.state.threads.size, script.thread(100).fds.size], sizes)
  assert.is(script.thread(100).nchilds, 0)
})

test(`no more than ${MAX_THREADS} threads, and ${MAX_FDS} fds of one`, () => {
  const state = new State()
  let ts = 1n
  for (let tid = 1; tid <= MAX_THREADS + 10; tid++) state.update(make('PPME_SYSCALL_CHDIR_X', tid, { res: -2 }, ts++))
  assert.equal([state.threads.size, state.refused], [MAX_THREADS, 10])
  const beyond = make('PPME_SYSCALL_OPEN_X', MAX_THREADS + 5, { fd: 3, name: '/x', flags: 1, mode: 0 }, ts++)
  state.update(beyond)
  assert.equal([beyond.thread, beyond.fd], [undefined, undefined])
  for (let fd = 0; fd < MAX_FDS + 10; fd++) state.update(make('PPME_SYSCALL_OPEN_X', 1, { fd, name: '/x', flags: 1, mode: 0 }, ts++))
  assert.is(state.thread(1)!.fds.size, MAX_FDS)
  fill(state, { ...NOTHING, threads: [listed(900_000, 'one more', '/')], fds: [{ pid: 900_001, fds: [] }] })
  assert.is(state.threads.size, MAX_THREADS)
}, { timeoutMs: 60_000 })

test('records of nobody\'s making: short parameters, huge and negative numbers', () => {
  let seed = 42
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  const VALUES = [0n, 1n, -1n, 3n, 100n, 200n, 0x7fff_ffffn, 1n << 40n, (1n << 62n) - 1n, -(1n << 62n), -100n, 65_537n]
  const value = (): ParamValue => {
    switch (random(4)) {
      case 0: return undefined
      case 1: return Buffer.from(Array.from({ length: random(40) }, () => random(4) === 0 ? random(256) : random(3)))
      case 2: {
        const bytes = Buffer.alloc(8)
        bytes.writeBigInt64LE(VALUES[random(VALUES.length)])
        return bytes
      }
      default: return Buffer.from('/some/path\0')
    }
  }
  for (const lookup of [undefined, { thread: () => undefined, fd: () => undefined, netns: () => 0 }]) {
    const state = new State(lookup)
    for (let i = 0; i < 60_000; i++) {
      const type = random(EVENT_COUNT)
      const count = random((eventInfo(type)?.params.length ?? 0) + 3)
      state.update(event({ type, tid: VALUES[random(VALUES.length)], ts: BigInt(i), params: Array.from({ length: count }, value) }))
    }
    assert.ok(state.threads.size <= MAX_THREADS)
  }
}, { timeoutMs: 60_000 })
