import { mkdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import * as assert from 'uvu/assert'
import { type Event, eventInfo, open } from '../../lib/index.js'
import { errnoName } from '../../lib/event/errno.js'
import { SIGNALS } from '../../lib/event/signal.js'
import { flagTable, type ParamInfo } from '../../lib/event/table.js'
import { folder } from '../helpers/folder.js'
import { compile, start } from '../helpers/program.js'
import { type Line, parseValues, readStrace, type Value } from '../helpers/strace.js'
import { suite } from '../helpers/suite.js'

const test = suite('strace', { needs: ['root', 'bpf', 'btf', 'strace', 'cc'], timeoutMs: 60_000 })

const SNAPLEN = 80
const { file } = folder()

/** Events that are called otherwise than strace calls their system call; for the driver 298 is sigreturn, as sysdig prints it. */
const EVENT_OF: Record<string, string> = { pread64: 'pread', pwrite64: 'pwrite', rt_sigreturn: 'sigreturn', prlimit64: 'prlimit' }
/** In the version that sysdig 0.29.3 knows. */
const OLD_EVENT_OF: Record<string, string> = { accept4: 'accept' }
/** Calls that do not come back. */
const ENDLESS = new Set(['exit', 'exit_group'])
const HAS_CHILD = new Set(['clone', 'clone3', 'fork', 'vfork'])

/** The parameters of the events by the place of strace's arguments; "-" is compared elsewhere or not carried. */
const PLACES: Record<string, string> = {
  open: 'name flags mode', openat: 'dirfd name flags mode', openat2: 'dirfd name -', creat: 'name mode', close: 'fd',
  read: 'fd data size', write: 'fd data size', pread64: 'fd data size pos', pwrite64: 'fd data size pos',
  readv: 'fd -', writev: 'fd -', preadv: 'fd - - pos', pwritev: 'fd - - pos', lseek: 'fd offset whence',
  dup: 'oldfd|fd', dup2: 'oldfd|fd newfd', dup3: 'oldfd|fd newfd flags', pipe: '-', pipe2: '- flags',
  fcntl: 'fd cmd arg', ioctl: 'fd request argument',
  stat: 'path', lstat: 'path', fstat: 'fd', newfstatat: 'dirfd path - flags', access: 'name mode',
  unlink: 'path', unlinkat: 'dirfd name flags', rename: 'oldpath newpath', renameat: 'olddirfd oldpath newdirfd newpath',
  renameat2: 'olddirfd oldpath newdirfd newpath flags', mkdir: 'path mode', mkdirat: 'dirfd path mode', rmdir: 'path',
  chdir: 'path', fchdir: 'fd', chmod: 'filename mode', fchmod: 'fd mode', fchmodat: 'dirfd filename mode',
  link: 'oldpath newpath', linkat: 'olddir oldpath newdir newpath flags', symlink: 'target linkpath', symlinkat: 'target linkdirfd linkpath',
  mmap: 'addr length prot flags fd offset', munmap: 'addr length', mprotect: 'addr length prot', brk: 'addr', mlockall: 'flags', munlockall: '',
  futex: 'addr op val', nanosleep: 'interval', poll: 'fds - timeout', ppoll: 'fds - timeout sigmask', select: '',
  epoll_create: 'size', epoll_create1: 'flags', epoll_wait: '- - maxevents', eventfd: 'initval', eventfd2: 'initval flags',
  timerfd_create: 'clockid', signalfd: 'fd mask', signalfd4: 'fd mask - flags', inotify_init: '', inotify_init1: 'flags',
  socket: 'domain type proto', socketpair: 'domain type proto', bind: 'fd addr', connect: 'fd addr', listen: 'fd backlog',
  accept: '', accept4: '- - - flags', sendto: 'fd data size', recvfrom: 'fd data size', sendmsg: 'fd', recvmsg: 'fd',
  shutdown: 'fd how', setsockopt: 'fd level optname - optlen', getsockopt: 'fd level optname - optlen',
  execve: 'filename', execveat: 'dirfd pathname - - flags', clone: '', clone3: '', fork: '', vfork: '',
  kill: 'pid sig', tkill: 'tid sig', tgkill: 'pid tid sig', prctl: 'option', setuid: 'uid', setgid: 'gid',
  prlimit64: 'pid resource', setresuid: 'ruid euid suid', setresgid: 'rgid egid sgid', setreuid: 'ruid euid', setregid: 'rgid egid',
}

/** Why something that an event carries is not compared. The counts are in the test's output. */
const CAUSES = {
  unprinted: 'strace does not print it',
  unseen: 'strace saw no result',
  address: 'an address of the other run: memory has another layout each time',
  output: 'a line of the program about its own pids, in the other run',
  untouched: 'a string in memory that a new process has not touched yet: the probe cannot wait for it',
  changed: 'Linux writes back what is left of the time',
  generic: 'arguments of a call without an event of its own (calls)',
  child: 'strace does not print the end of a clone in the child (calls)',
} as const
type Cause = keyof typeof CAUSES
class LeftOut {
  constructor(readonly cause: Cause) {}
}

/** Carried by the events, but nothing that a tracer of calls and results is told. */
const UNPRINTED = new Set(`dev ino creat_flags vm_size vm_rss vm_swap queuepct queuelen queuemax source peer tid pid ptid cwd fdlimit
  pgft_maj pgft_min comm cgroups uid gid vtid vpid pidns_init_start_ts tty vpgid pgid loginuid cap_inheritable cap_permitted
  cap_effective exe_ino exe_ino_ctime exe_ino_mtime trusted_exepath`.split(/\s+/))
/** The driver never fills these. */
const ALWAYS_0 = new Set(['eventfd.flags', 'signalfd.flags', 'timerfd_create.flags', 'inotify_init.flags'])
/** Flags that the driver's tables have no bit for. */
const UNNAMED = new Set(['O_NOFOLLOW', 'O_NOCTTY', 'O_PATH', 'MAP_STACK', 'CLONE_???'])
/** Names of one flag that are several in the driver's tables, or another one. */
const SAME_AS: Record<string, string[]> = {
  O_SYNC: ['O_SYNC', 'O_DSYNC'], FUTEX_WAKE_PRIVATE: ['FUTEX_WAKE', 'FUTEX_PRIVATE_FLAG'], FUTEX_WAIT_PRIVATE: ['FUTEX_WAIT', 'FUTEX_PRIVATE_FLAG'],
  TCP_NODELAY: ['UNKNOWN'], SO_RCVTIMEO_OLD: ['SO_RCVTIMEO'],
  ...Object.fromEntries(['SOCK', 'EFD', 'SFD', 'IN'].flatMap(prefix => ['CLOEXEC', 'NONBLOCK'].map(flag => [`${prefix}_${flag}`, [`O_${flag}`]]))),
}
/** Linux's numbers where an event carries just the number. */
const NUMBERS: Record<string, bigint> = {
  SOCK_STREAM: 1n, SOCK_DGRAM: 2n, SOCK_NONBLOCK: 0o4000n, SOCK_CLOEXEC: 0o2000000n, IPPROTO_IP: 0n, IPPROTO_TCP: 6n,
  O_RDONLY: 0n, O_NONBLOCK: 0o4000n, CLOCK_MONOTONIC: 1n, FIONREAD: 0x541bn, _IOC_READ: 2n, _IOC_WRITE: 1n,
}
/** Parameters that are addresses of the process, by call. */
const ADDRESSES = new Set(['mmap.addr', 'munmap.addr', 'mprotect.addr', 'brk.addr', 'futex.addr'])
/** Buffers that the call reads, so that they are known whatever its result. */
const SENDS = new Set(['write', 'pwrite64', 'writev', 'pwritev', 'sendto', 'sendmsg'])

type Call = Line & { kind: 'call' }

/** What differs between the run under strace and the captured one: nothing if they are the same. */
interface Run {
  same: boolean
  pids: Map<number, number>
  ports: Map<number, number>
}

class Comparison {
  calls = 0
  args = 0
  /** Names of the calls whose arguments were compared, and of those that have none in their events. */
  readonly names = new Set<string>()
  readonly generic = new Set<string>()
  readonly left = new Map<Cause, number>()
  readonly wrong: string[] = []
  /** The thread at hand is of a process that was forked. */
  private forked = false
  constructor(readonly run: Run) {}

  leave(cause: Cause): void {
    this.left.set(cause, (this.left.get(cause) ?? 0) + 1)
  }

  /** One thread from its first line to its last. `started` is the call that made it, in its parent. */
  thread(lines: readonly Line[], events: readonly Event[], model: 'both' | 'exit', started: string | undefined): void {
    let at = 0
    this.forked = started !== undefined
    const next = (name: string, dir: string, text: string): Event | undefined => {
      const ev = events[at]
      if (ev?.name === name && ev.dir === dir) return events[at++]
      throw new Error(`${ev === undefined ? 'the end' : `${ev.name} ${ev.dir}`} instead of ${name} ${dir}: ${text}`)
    }
    if (started !== undefined) {
      const born = next(started, 'exit', 'the first event of a new thread')!
      if (born.args.res !== 0) this.wrong.push(`${started} returns ${String(born.args.res)} in the child`)
      this.leave('child')
    }
    for (const line of lines) {
      if (line.kind === 'call') {
        const name = EVENT_OF[line.name] ?? (model === 'both' ? OLD_EVENT_OF[line.name] : undefined) ?? line.name
        this.calls++
        if (model === 'both') this.event(next(name, 'enter', line.text)!, line)
        if (ENDLESS.has(line.name)) continue
        // x86 makes each image believe that execve started it, and so does the driver.
        this.event(next(name === 'execveat' && line.result.value === 0n ? 'execve' : name, 'exit', line.text)!, line)
      } else if (line.kind === 'signal') {
        // Without a tracer the kernel does not even send what the thread ignores.
        if (!this.run.same && line.name === 'SIGCHLD' && events[at]?.name !== 'signaldeliver') continue
        const { sig, spid } = next('signaldeliver', 'enter', line.text)!.args
        this.check(`${line.text} sig`, sig, SIGNALS.indexOf(line.name))
        if (line.pid !== undefined) this.check(`${line.text} spid`, spid, this.pid(line.pid))
      } else {
        if (line.signal !== undefined && events[at]?.name === 'signaldeliver') this.check(line.text, events[at++].args.sig, SIGNALS.indexOf(line.signal))
        const { ret, sig } = next('procexit', 'enter', line.text)!.args
        this.check(`${line.text} ret`, ret, line.code)
        this.check(`${line.text} sig`, sig, SIGNALS.indexOf(line.signal ?? ''))
      }
    }
    if (at < events.length) this.wrong.push(`${events.length - at} events behind the last line: ${events[at].name} …`)
  }

  private event(ev: Event, call: Call): void {
    if (ev.type < 2) {
      this.generic.add(call.name)
      return ev.dir === 'exit' ? this.leave('generic') : undefined
    }
    this.names.add(call.name)
    if (PLACES[call.name] === undefined && eventInfo(ev.type)!.params.length > 0) return void this.wrong.push(`no rule for ${call.name}`)
    eventInfo(ev.type)!.params.slice(0, ev.nparams).forEach((param, index) => {
      const expected = this.expected(call, param, ev.dir === 'exit' && index === 0 ? 'result' : ev.dir)
      if (expected instanceof LeftOut) return this.leave(expected.cause)
      const length = ev.param(index)!.length
      if (length === 0 && this.forked && ev.dir === 'enter' && param.name === 'pathname') return this.leave('untouched')
      const actual = length === 0 && param.type !== 'BYTEBUF' ? undefined : plain(ev.args[param.name])
      this.check(`${ev.name} ${ev.dir} ${param.name} of ${call.text}`, narrowed(actual, expected, param), expected)
    })
  }

  private check(what: string, actual: unknown, expected: unknown): void {
    this.args++
    if (!isDeepStrictEqual(actual, expected)) this.wrong.push(`${show(actual)} instead of ${show(expected)}: ${what}`.slice(0, 400))
  }

  /** What strace says of a parameter. */
  private expected(call: Call, param: ParamInfo, of: 'result' | 'enter' | 'exit'): unknown {
    const { result, args } = call
    const key = `${call.name}.${param.name}`
    if (!this.run.same && /^p?write/.test(call.name) && args.get('0') === 1n && param.name !== 'fd') return new LeftOut('output')
    if (of === 'result') {
      if (result.errno !== undefined) return -ERRNO.get(result.errno)!
      if (result.value === undefined) return new LeftOut('unseen')
      if (result.isAddress && !this.run.same) return new LeftOut('address')
      return HAS_CHILD.has(call.name) ? this.pid(Number(result.value)) : Number(result.value)
    }
    const failed = result.errno !== undefined
    const value = placed(call, param.name)
    switch (key) {
      case 'openat2.flags': case 'openat2.mode': case 'openat2.resolve':
        return scalar((args.get('2') as Map<string, Value>).get(param.name) ?? 0n, param)
      case 'pipe.fd1': case 'pipe.fd2': case 'pipe2.fd1': case 'pipe2.fd2': case 'socketpair.fd1': case 'socketpair.fd2': {
        const fds = args.get(call.name === 'socketpair' ? '3' : '0')
        return Array.isArray(fds) ? Number(fds[Number(param.name[2]) - 1]) : -1
      }
      case 'accept4.flags':
        return scalar(value!, { ...param, type: 'FLAGS32', table: 'file_flags' })
      case 'socket.flags': {
        const { words } = args.get('1') as { words: string[] }
        return scalar({ words: words.filter(word => SAME_AS[word] !== undefined), rest: 0n }, param)
      }
      case 'clone.flags': {
        const flags = args.get('flags') as { words: string[]; rest: bigint }
        return scalar({ ...flags, words: flags.words.filter(word => !word.startsWith('SIG')) }, param)
      }
      case 'clone3.flags': {
        const flags = (args.get('0') as Map<string, Value>).get('flags')!
        // Bits beyond the 32 that the event has.
        return typeof flags === 'bigint' ? Number(BigInt.asUintN(32, flags)) : scalar(flags, param)
      }
      case 'fork.flags': return 0
      case 'prlimit64.newcur': case 'prlimit64.newmax': return limit(args.get('2')!, param.name)
      case 'prlimit64.oldcur': case 'prlimit64.oldmax': return failed ? -1 : limit(args.get('3')!, param.name)
      case 'vfork.flags': return new LeftOut('unprinted')
      case 'execve.exe': case 'execveat.exe': return text((vector(call)[0]))
      case 'execve.args': case 'execveat.args': return vector(call).slice(1).map(text)
      case 'execve.env': case 'execveat.env': return (args.get(call.name === 'execve' ? '2' : '3') as Value[]).map(text)
      case 'execve.flags': return new LeftOut('unprinted')
      case 'execveat.flags': return of === 'exit' ? new LeftOut('unprinted') : scalar(value!, param)
      // The kernel calls what was run by descriptor /dev/fd/N.
      case 'execveat.filename': return `/dev/fd/${String(args.get('0'))}`
      case 'prctl.arg2_str': return args.get('1') instanceof Buffer ? text(args.get('1')!) : undefined
      case 'prctl.arg2_int': {
        const arg = args.get('1')!
        return arg instanceof Buffer ? 0 : Number(Array.isArray(arg) ? arg[0] : arg)
      }
      case 'setsockopt.val': case 'getsockopt.val': return option(call)
      case 'recvmsg.msgcontrol': return failed || (args.get('1') as Map<string, Value>).get('msg_controllen') === 0n ? '' : new LeftOut('unprinted')
      case 'recvmsg.size': case 'readv.size': case 'preadv.size': return failed ? 0 : Number(result.value)
    }
    if (ALWAYS_0.has(key)) return 0
    if (ADDRESSES.has(key) && !this.run.same && value !== 0n) return new LeftOut('address')
    if (param.name === 'tuple') return this.tuple(call, of)
    if (param.name === 'data') return data(call)
    if (param.name === 'size' && pieces(call) !== undefined) return pieces(call)!.reduce((sum, piece) => sum + Number(piece.get('iov_len')), 0)
    if (value === undefined) {
      if (HAS_CHILD.has(call.name) && (param.name === 'exe' || param.name === 'args')) return new LeftOut('unprinted')
      // open() without O_CREAT has no mode, F_GETFD no argument.
      if (param.name === 'mode') return 0
      if (key === 'fcntl.arg' || UNPRINTED.has(param.name)) return new LeftOut('unprinted')
      throw new Error(`no rule for ${key}: ${call.text}`)
    }
    switch (param.type) {
      case 'SOCKADDR': return this.address(value)
      case 'FDLIST': return polled(call, of)
      case 'RELTIME': return key === 'ppoll.timeout' && of === 'exit' ? new LeftOut('changed') : nanoseconds(value)
      case 'SIGSET': return signals(value)
    }
    if (key === 'signalfd.mask' || key === 'signalfd4.mask') return signals(value).reduce((sum, name) => sum + 2 ** (SIGNALS.indexOf(name) - 1), 0)
    if (key === 'ioctl.argument' && typeof value !== 'bigint') return new LeftOut('unprinted')
    const number = scalar(value, param)
    return param.type === 'PID' ? this.pid(number as number) : number
  }

  private pid(pid: number): number {
    return this.run.pids.get(pid) ?? pid
  }

  private address(value: Value): unknown {
    if (!(value instanceof Map)) return undefined
    const { words: [family] } = value.get('sa_family') as { words: string[] }
    if (family === 'AF_UNIX') return { family: 'unix', path: text(value.get('sun_path')!) }
    const v6 = family === 'AF_INET6'
    const host = [...value.values()].find(item => typeof item === 'object' && 'call' in item && /^inet_/.test(item.call)) as { args: Value[] }
    const port = Number((value.get(v6 ? 'sin6_port' : 'sin_port') as { args: Value[] }).args[0])
    return { family: v6 ? 'ipv6' : 'ipv4', address: text(host.args[v6 ? 1 : 0]), port: this.run.ports.get(port) ?? port }
  }

  /** strace knows of a connection only the end that the call names. */
  private tuple(call: Call, of: 'enter' | 'exit'): unknown {
    const named = call.args.get(call.name === 'sendto' || call.name === 'recvfrom' ? '4' : '1')
    const outbound = call.name === 'connect' || SENDS.has(call.name)
    if (!outbound && call.result.errno !== undefined) return undefined
    if (call.name === 'connect' && call.result.errno !== undefined && call.result.errno !== 'EINPROGRESS') return undefined
    if (call.name.endsWith('msg') || !(named instanceof Map)) return call.name === 'sendto' && of === 'enter' ? undefined : new LeftOut('unprinted')
    const { family, ...end } = this.address(named) as { family: string; path?: string }
    if (family === 'unix') return { family, path: end.path }
    return outbound ? { family, dest: end } : { family, source: end }
  }
}

const ERRNO = new Map(Array.from({ length: 600 }, (_, errno) => [errnoName(errno) ?? '', errno]))

/** The argument that PLACES has for a parameter. */
function placed(call: Call, param: string): Value | undefined {
  const place = PLACES[call.name].split(' ').findIndex(names => names.split('|').includes(param))
  return place < 0 ? undefined : call.args.get(String(place))
}

/** Numbers, names and strings; a string that could not be read is an address for strace and nothing for an event. */
function scalar(value: Value, param: ParamInfo): unknown {
  if (value instanceof Buffer) return text(value)
  if (/^(FS|CHARBUF)/.test(param.type)) return undefined
  if (Array.isArray(value) && value.length === 1) return scalar(value[0], param) // optlen, where the kernel stores it
  if (typeof value === 'object' && 'after' in value) return scalar(value.after, param)
  if (typeof value === 'object' && 'call' in value && value.call === '_IOC') {
    const [dir, type, nr, size] = value.args.map(arg => BigInt(scalar(arg, { ...param, type: 'UINT64', table: undefined }) as number))
    return Number(dir << 30n | size << 16n | type << 8n | nr)
  }
  if (typeof value === 'bigint') return Number(/^(UINT32|UID|GID)$/.test(param.type) ? BigInt.asUintN(32, value) : BigInt.asIntN(64, value))
  if (typeof value !== 'object' || !('words' in value)) throw new Error(`${param.name}: what is ${show(value)}?`)
  const { words, rest } = value
  if (/^FLAGS|^ENUMFLAGS/.test(param.type) && param.table !== undefined) {
    const table = flagTable(param.table)!
    return words.flatMap(word => SAME_AS[word] !== undefined && !table.names.includes(word) || word === 'O_SYNC' ? SAME_AS[word] : [word]).reduce((sum, word) => {
      const at = table.names.indexOf(word)
      if (at < 0 && !UNNAMED.has(word)) throw new Error(`no ${word} in ${param.table}`)
      return at < 0 ? sum : (sum | table.values[at]) >>> 0
    }, Number(rest))
  }
  return words.reduce((sum, word) => {
    if (word === 'AT_FDCWD') return sum - 100
    if (SIGNALS.includes(word)) return sum + SIGNALS.indexOf(word)
    if (NUMBERS[word] === undefined) throw new Error(`${param.name}: which number is ${word}?`)
    return sum + Number(NUMBERS[word])
  }, Number(rest))
}

function text(value: Value): string {
  return (value as Buffer).toString()
}

function vector(call: Call): Value[] {
  return call.args.get(call.name === 'execve' ? '1' : '2') as Value[]
}

/** The struct iovecs of a call. */
function pieces(call: Call): Map<string, Value>[] | undefined {
  const message = /^(send|recv)msg$/.test(call.name)
  if (!message && !/^p?(read|write)v$/.test(call.name)) return undefined
  const arg = call.args.get('1')!
  return (message ? (arg as Map<string, Value>).get('msg_iov') : arg) as Map<string, Value>[]
}

/** The bytes of a call's buffers, in hex, as far as the snaplen goes. */
function data(call: Call): string {
  const buffers = pieces(call)?.map(piece => piece.get('iov_base')!) ?? [call.args.get('1')!]
  const bytes = Buffer.concat(buffers.map(part => (part instanceof Buffer ? part : Buffer.alloc(0))))
  const result = call.result.errno === undefined ? Number(call.result.value) : SENDS.has(call.name) ? SNAPLEN : 0
  return bytes.subarray(0, Math.min(SNAPLEN, result)).toString('hex')
}

function polled(call: Call, of: 'enter' | 'exit'): unknown {
  const fds = call.args.get('0')!
  if (!Array.isArray(fds)) return []
  const table: ParamInfo = { name: 'fds', type: 'FLAGS16', format: 'HEX', table: 'poll_flags' }
  const returned = of === 'exit' ? parseValues(call.result.note).get('0') as Map<string, Value>[] : []
  return (fds as Map<string, Value>[]).map((entry) => {
    const fd = entry.get('fd')!
    const flags = of === 'enter' ? entry.get('events')! : returned.find(ready => ready.get('fd') === fd)?.get('revents') ?? 0n
    return { fd: Number(fd), flags: scalar(flags, table) }
  })
}

function nanoseconds(value: Value): number {
  if (!(value instanceof Map)) return -1
  const part = (name: string) => Number(value.get(name) ?? 0n)
  return part('tv_sec') * 1e9 + part('tv_nsec') + part('tv_usec') * 1000
}

/** rlim_cur or rlim_max; -1 is infinity, and none. */
function limit(value: Value, param: string): number {
  const number = value instanceof Map ? value.get(param.endsWith('cur') ? 'rlim_cur' : 'rlim_max')! : 0n
  return typeof number === 'bigint' ? Number(number) : -1
}

function signals(value: Value): string[] {
  return (value as { words: string[] }[]).map(({ words: [name] }) => `SIG${name}`)
}

function option(call: Call): unknown {
  const value = call.args.get('3')!
  // Left as it was by a call that failed.
  if (typeof value === 'bigint') return new LeftOut('unprinted')
  if (value instanceof Map) return nanoseconds(value)
  // A struct timeval that strace prints as it is.
  if (value instanceof Buffer) return Number(value.readBigInt64LE(0)) * 1e9 + Number(value.readBigInt64LE(8)) * 1000
  const number = scalar(value, { name: 'val', type: 'UINT64', format: 'DEC' }) as number
  const { words: [level] } = call.args.get('1') as { words: string[] }
  if (level === 'SOL_SOCKET') return number
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(number)
  return bytes.toString('hex')
}

/** The numbers of 64 bits are compared as they would be printed with %ld, bytes in hex. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value))
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return value
}

/** What the kernel adds and strace is not told: that an open made its file, the other end of a connection. */
function narrowed(actual: unknown, expected: unknown, param: ParamInfo): unknown {
  if (param.table === 'file_flags' && typeof actual === 'number') return actual & ~flagValue('file_flags', 'O_F_CREATED')
  if (param.type === 'SOCKTUPLE' && typeof actual === 'object' && expected !== undefined) {
    return Object.fromEntries(Object.keys(expected as object).map(key => [key, (actual as Record<string, unknown>)[key]]))
  }
  return actual
}

function flagValue(table: string, name: string): number {
  return flagTable(table)!.values[flagTable(table)!.names.indexOf(name)]
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item instanceof Map ? Object.fromEntries(item) : item)) ?? 'nothing'
}

/** The events of the programs' process trees, each from the execve that started it; other processes' are passed over. */
class Trees {
  readonly roots: number[] = []
  readonly threads = new Map<number, Event[]>()
  constructor(private readonly program: string) {}

  add(ev: Event): void {
    const { tid } = ev
    let events = this.threads.get(tid)
    if (events === undefined) {
      if (!this.starts(ev) && !this.isBorn(ev)) return
      this.threads.set(tid, events = [])
    }
    events.push(ev.retain())
  }

  private starts(ev: Event): boolean {
    if (ev.name !== 'execve') return false
    const { filename, exe, res } = ev.args as Record<string, unknown>
    if (ev.dir === 'enter' ? filename !== this.program : exe !== this.program || res !== 0) return false
    this.roots.push(ev.tid)
    return true
  }

  private isBorn(ev: Event): boolean {
    if (!HAS_CHILD.has(ev.name) || ev.dir !== 'exit' || ev.args.res !== 0) return false
    const { pid, ptid } = ev.args as Record<string, number>
    return this.threads.has(pid) || this.threads.has(ptid)
  }
}

/** The ports that the kernel chose for the sockets of the two runs, as getsockname told the program. */
function pairs(traced: readonly Line[], free: readonly Event[]): Map<number, number> {
  const chosen = traced.flatMap(line => (line.kind === 'call' && line.name === 'getsockname' ? [Number(/port=htons\((\d+)\)/.exec(line.text)![1])] : []))
  // No event carries what getsockname stores: the ends of connections and messages do.
  const connected = free.filter(ev => ev.name === 'connect' && ev.dir === 'exit' && ev.args.res === 0).map(ev => ev.args.tuple as { source?: { port: number }; dest?: { port: number } })[0]
  const sent = free.filter(ev => ev.name === 'recvfrom' && ev.dir === 'exit').map(ev => ev.args.tuple as { family: string; source?: { port: number } } | undefined).find(tuple => tuple?.family === 'ipv6')
  const ports = [connected?.dest?.port, connected?.source?.port, sent?.source?.port]
  return new Map(chosen.map((port, i) => [port, ports[i] ?? port]))
}

/** Calls that were compared in any of the tests. */
const seen = new Set<string>()

for (const [name, families, atLeast] of [['calls', ['files', 'memory', 'waiting', 'sockets', 'ids'], 260], ['family', [], 110]] as const) {
  for (const events of ['both', 'exit'] as const) {
    test(`${name}, ${events}: calls, results and arguments are those that strace prints`, async () => {
      const program = compile(name)
      const capture = await open('sysdig', { events, ringBytes: 16 << 20 })
      const log = file(`${name}.${events}.strace`)
      const run = async (command: string, args: string[], cwd: string) => {
        mkdirSync(file(cwd))
        const running = await start(command, args, { cwd: file(cwd), env: { LANG: 'C', ONE: 'two words' } })
        running.go()
        await running.output
        return running.pid
      }
      // The same program twice: under strace, which also shows that the events are right in spite of the other tracer, and freely.
      const ran = (async () => [
        await run('strace', ['-ff', '-v', '-xx', '-s', '65536', '-o', log, program, ...families], `${name}.${events}.traced`),
        await run(program, [...families], `${name}.${events}.free`),
      ])().finally(() => capture.stop())
      const trees = new Trees(program)
      for await (const burst of capture) for (const ev of burst) trees.add(ev)
      const pids = await ran
      assert.is(capture.stats().dropped.total, 0)
      assert.equal(trees.roots, pids)

      const traced = readStrace(log)
      for (const root of pids) {
        const same = root === pids[0]
        const comparison = new Comparison({ same, pids: new Map([[pids[0], root]]), ports: same ? new Map() : pairs(traced.get(pids[0])!, trees.threads.get(root)!) })
        // Parents before their children: they say which is which.
        const threads: [number, number, string | undefined][] = [[pids[0], root, undefined]]
        for (const [thread, captured, started] of threads) {
          const lines = traced.get(thread)!
          const mine = trees.threads.get(captured)!
          const births = mine.filter((ev, i) => HAS_CHILD.has(ev.name) && ev.dir === 'exit' && Number(ev.args.res) > 0 && (i > 0 || started === undefined))
          for (const line of lines) {
            if (line.kind !== 'call' || !HAS_CHILD.has(line.name) || line.result.errno !== undefined) continue
            const child = Number(births.shift()?.args.res)
            comparison.run.pids.set(Number(line.result.value), child)
            threads.push([Number(line.result.value), child, line.name])
          }
          try {
            comparison.thread(lines, mine, events, started)
          } catch (error) {
            comparison.wrong.push((error as Error).message)
          }
        }
        const left = [...comparison.left].map(([cause, count]) => `${count} × ${CAUSES[cause]}`)
        console.log(`${name}, ${events}, ${same ? 'the run that strace saw' : 'another run'}: ${threads.length} threads, ${comparison.calls} calls of ${comparison.names.size + comparison.generic.size} kinds, ${comparison.args} arguments and results compared`)
        for (const cause of left) console.log(`  left out: ${cause}`)
        console.log(`  without an event of their own: ${[...comparison.generic].sort().join(' ')}`)
        for (const call of comparison.names) seen.add(call)
        assert.is(threads.length, traced.size)
        assert.equal(comparison.wrong, [])
        assert.ok(comparison.calls >= atLeast, `only ${comparison.calls} calls`)
      }
    })
  }
}

test('every call with a rule was compared', () => {
  assert.equal(Object.keys(PLACES).filter(call => !seen.has(call)), [])
})
