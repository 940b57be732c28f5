import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Event, eventInfo, open } from '../../lib/index.js'
import { FIRST_MARKER, Known, readBook, schedule, type Seen } from '../helpers/book.js'
import { HEADER } from '../../lib/event/record.js'
import * as fields from '../../lib/field/registry.js'
import { compile as compileFilter } from '../../lib/filter/compile.js'
import { parse } from '../../lib/filter/parse.js'
import { ROLE_SERVER } from '../../lib/state/fdinfo.js'
import { folder } from '../helpers/folder.js'
import { start } from '../helpers/program.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

/*
 * Every event of a program that does all that gives threads and files their names, against what the program and the kernel say of
 * them: names.c asks /proc, getsockname(2) and its like at every step, and writes it into a book.
 */
const test = suite('names', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 90_000 })

const home = folder()
const program = home.file('names')
test.before(() => {
  // A child runs it as nobody.
  chmodSync(home.path, 0o755)
  // Linked statically: what a loader opens is in nobody's book.
  const source = join(ROOT, 'test/kernel/programs/names.c')
  execFileSync('cc', ['-O1', '-Wall', '-pthread', '-static', '-o', program, source], { stdio: ['ignore', 'inherit', 'inherit'] })
})

type Values = Readonly<Record<string, string>>

/** What no event and no list tells; everything else must be right. */
const UNKNOWABLE: readonly Unknowable[] = [
  {
    what: 'where a symbolic link in a path leads to', why: 'the call has the path as it was asked for',
    of: ({ is, entry, field }) => field === 'fd.name' && entry?.link.replace('/a dir/', '/link/') === is,
  },
  {
    what: 'the name of what O_TMPFILE has opened', why: 'it has none: what is known is the directory, for which sysdig takes it',
    of: ({ is, entry, field }) => /\/#\d+ \(deleted\)$/.test(entry?.link ?? '') &&
      (field === 'fd.type' ? is === 'directory' : entry!.link.startsWith(`${is}/#`)),
  },
  {
    what: 'that an fd from before is a pidfd', why: 'the lists of savefiles have no such type in the version that sysdig 0.29.3 reads',
    of: ({ is, entry, field, known }) =>
      field === 'fd.type' && is === '<NA>' && entry?.link === 'anon_inode:[pidfd]' && known.early.has(entry.link),
  },
  {
    what: 'the end of a server from before', why: 'sysdig knows its role from bind only; the name has it',
    of: ({ is, entry, field, known }) =>
      (field === 'fd.sip' || field === 'fd.sport') && is === undefined && known.early.has(entry!.link) && entry!.remote === '',
  },
  {
    what: 'the path of a unix socket that was connected before', why: '/proc/net/unix says only what it is bound to itself',
    of: ({ is, entry, field, known }) => field === 'fd.name' && entry?.domain === AF_UNIX && known.early.has(entry.link) && is === '',
  },
  {
    what: 'the path of a unix socket after data was received',
    why: 'the tuple of recvfrom and recvmsg has both addresses, and no path; it becomes the name, as in sysdig',
    of: ({ is, entry, field }) => field === 'fd.name' && entry?.domain === AF_UNIX && /^[\da-f]+->[\da-f]+ ?$/.test(String(is)),
  },
  {
    what: 'an abstract name, exactly', why: 'the record goes on behind its end, up to the next NUL in memory',
    of: ({ is, entry, field }) => {
      const path = entry?.local || entry?.remote || ''
      return field === 'fd.name' && entry?.domain === AF_UNIX && path.startsWith('@') && String(is).includes(path.slice(1))
    },
  },
  {
    what: 'which port the kernel chose for bind', why: 'the event has the address that was asked for',
    of: ({ is, entry, field }) =>
      field === 'fd.name' && entry?.listens === '0' && entry.remote === '' && /^(127\.0\.0\.1|::1):0$/.test(String(is)),
  },
  {
    what: 'a name for a connect that failed', why: 'its tuple is empty; sysdig prints that as NULL',
    of: ({ is, seen, field }) => field === 'fd.name' && seen.name === 'connect' && seen.dir === 'exit' && is === 'NULL',
  },
  {
    what: 'what close_range closes', why: 'the event came after sysdig 0.29.3, and its generic one has no parameters',
    of: ({ seen, expected, field, known }) => field === 'known' && expected === false && known.ranged.has(seen.fd!),
  },
  {
    what: 'what F_SETFD has set, in the model with enter events', why: 'its argument is in the exit event of the other model only',
    of: ({ seen, events, expected, field, known }) =>
      events === 'both' && field === 'known' && expected === false && known.marked.has(seen.fd!),
  },
  {
    what: 'the port of a datagram socket that was not bound, in the model with enter events',
    why: 'sendto is asked before the kernel chooses it; the answer tells',
    of: ({ is, entry, events, field }) => events === 'both' && entry?.peer !== undefined &&
      (field === 'fd.name' ? String(is).replace(':0->', '->') === entry.peer.replace(/:\d+->/, '->') : field === 'fd.cport' && is === 0),
  },
  {
    what: 'fields of the fd in the enter event of mmap', why: 'they have no value there, as in sysdig; ev.fd has it',
    of: ({ is, seen }) => seen.name === 'mmap' && seen.dir === 'enter' && is === undefined,
  },
  {
    what: 'which of the two that socketpair makes is meant', why: 'both are alike; fd.num is that of the second',
    of: ({ is, seen, field }) => field === 'fd.num' && seen.name === 'socketpair' && is === seen.fd! + 1,
  },
  {
    what: 'session and process group as a new pid namespace numbers them',
    why: 'no event of clone has them: they are those of the parent until exec, or setsid',
    of: ({ expected, field }) => (field === 'proc.sid' || field === 'proc.vpgid') && expected === 0,
  },
]

interface Found {
  seen: Seen
  field: string
  is: unknown
  expected: unknown
  entry: Values | undefined
  known: Known
  events: string
}

interface Unknowable {
  what: string
  why: string
  of: (found: Found) => boolean
}

/** Calls whose result is an fd, which the exit event is about. */
const CREATORS = new Set(`open openat openat2 creat dup dup2 dup3 socket accept accept4 eventfd eventfd2 signalfd signalfd4 timerfd_create
  inotify_init inotify_init1 epoll_create epoll_create1 io_uring_setup memfd_create pidfd_open`.split(/\s+/))
/** PPM_FCNTL_F_DUPFD, F_DUPFD_CLOEXEC. */
const DUPFD = new Set<unknown>([1, 26])

/** Which fd an event is about, by its parameters and those of its enter event; undefined where it is about none. */
function fdOfEvent(ev: Event, entered: Map<number, { type: number; fd: number | undefined; cmd: unknown }>): number | undefined {
  const info = eventInfo(ev.type)!
  const args = ev.args as Record<string, unknown>
  const first = info.params.find(({ type }, index) => type === 'FD' && (ev.dir === 'enter' || index > 0))
  const own = info.flags.includes('USES_FD') && first !== undefined && args[first.name] !== undefined ? Number(args[first.name]) : undefined
  if (ev.dir === 'enter') {
    entered.set(ev.tid, { type: ev.type, fd: own, cmd: args.cmd })
    return own
  }
  const before = entered.get(ev.tid)
  entered.delete(ev.tid)
  const matching = before?.type === ev.type - 1 ? before : undefined
  const result = Number(args.res ?? args.fd ?? -1)
  if (info.name === 'pipe' || info.name === 'pipe2') return Number(args.fd2)
  if (info.name === 'socketpair') return Number(args.fd1)
  if (CREATORS.has(info.name) && result >= 0) return result
  if (info.name === 'fcntl' && result >= 0 && DUPFD.has(args.cmd ?? matching?.cmd)) return result
  return own ?? (info.flags.includes('USES_FD') ? matching?.fd : undefined)
}

const FIELDS = [
  'proc.name', 'proc.pid', 'proc.ppid', 'proc.pname', 'proc.exe', 'proc.args', 'proc.exepath', 'proc.cwd', 'proc.vpid', 'thread.tid',
  'thread.vtid', 'proc.sid', 'proc.vpgid', 'user.uid', 'user.name', 'group.gid',
] as const
const FD_FIELDS = ['fd.num', 'fd.name', 'fd.type', 'fd.l4proto', 'fd.cip', 'fd.cport', 'fd.sip', 'fd.sport', 'fd.ino'] as const

function valuesOf(ev: Event, fd: number | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const name of FIELDS) values[name] = ev.field(name)
  values.root = ev.thread?.root
  if (fd === undefined) return values
  for (const name of FD_FIELDS) values[name] = ev.field(name)
  values.known = ev.fd !== undefined
  values.role = ev.fd === undefined ? undefined : (ev.fd.flags & ROLE_SERVER) !== 0 || ev.fd.isServerSocket ? 'server' : 'client'
  values.ino = ev.fd?.ino
  return values
}

const USERS = new Map(readFileSync('/etc/passwd', 'utf8').split('\n').map(line => line.split(':')).map(([name, , uid]) => [uid, name]))

function expectedThread(known: Known, facts: Values): Record<string, unknown> {
  const [exe, ...args] = facts.cmdline.split('\x1f')
  const parent = known.threads.get(Number(facts.ppid))
  return {
    'proc.name': facts.comm, 'proc.pid': Number(facts.pid), 'proc.ppid': Number(facts.ppid), ...(parent && { 'proc.pname': parent.comm }),
    'proc.exe': exe, 'proc.args': args.join(' '), 'proc.exepath': facts.exe.replace(/^\(unreachable\)/, ''),
    'proc.cwd': facts.cwd.endsWith('/') ? facts.cwd : `${facts.cwd}/`,
    'proc.vpid': Number(facts.vpid), 'thread.tid': Number(facts.tid), 'thread.vtid': Number(facts.vtid), 'proc.sid': Number(facts.sid),
    'proc.vpgid': Number(facts.pgid), 'user.uid': Number(facts.uid), 'user.name': USERS.get(facts.uid), 'group.gid': Number(facts.gid),
  }
}

const S_IFIFO = '10000'
const S_IFDIR = '40000'
const S_IFSOCK = '140000'
const AF_UNIX = '1'
const AF_NETLINK = '16'
const SOCK_STREAM = '1'
const ANONYMOUS: Readonly<Record<string, string>> = {
  '[eventfd]': 'event', '[eventpoll]': 'eventpoll', '[timerfd]': 'timerfd', '[signalfd]': 'signalfd', 'inotify': 'inotify',
  '[io_uring]': 'io_uring', '[pidfd]': 'pidfd',
}

/** Of an entry in the book; a function says whether a value is right. */
function expectedFd(known: Known, entry: Values): Record<string, unknown> {
  const { link, kind, domain } = entry
  const either = (...names: string[]) => (name: unknown) => names.includes(String(name ?? ''))
  if (kind === S_IFIFO) return { 'fd.type': 'pipe', 'fd.name': either('', link), ino: BigInt(entry.ino) }
  if (link.startsWith('anon_inode:')) return { 'fd.type': ANONYMOUS[link.slice('anon_inode:'.length)], 'fd.name': either('', link) }
  if (kind === S_IFDIR) return { 'fd.type': 'directory', 'fd.name': link }
  if (link.startsWith('/memfd:')) {
    return { 'fd.type': either('memfd', 'file'), 'fd.name': either(link, link.slice('/memfd:'.length).replace(/ \(deleted\)$/, '')) }
  }
  if (kind !== S_IFSOCK) return { 'fd.type': 'file', 'fd.name': known.early.has(link) ? link : link.replace(/ \(deleted\)$/, '') }
  if (domain === AF_NETLINK) return { 'fd.type': 'netlink', 'fd.name': either('', 'NETLINK:[ROUTE]') }
  if (domain === AF_UNIX) {
    return { 'fd.type': 'unix', 'fd.name': (name: unknown) => String(name ?? '').endsWith((entry.local || entry.remote).replace(/^@/, '')) }
  }
  const type = domain === '2' ? 'ipv4' : 'ipv6'
  const l4 = entry.type === SOCK_STREAM ? 'tcp' : 'udp'
  if (entry.peer !== undefined) return ends(type, l4, entry.peer, entry.peer.endsWith(`->${entry.local}`))
  if (entry.remote !== '') {
    const server = known.ports.has(entry.local)
    return ends(type, l4, server ? `${entry.remote}->${entry.local}` : `${entry.local}->${entry.remote}`, server)
  }
  if (entry.listens === '1' || (l4 === 'udp' && !entry.local.endsWith(':0'))) {
    return { 'fd.type': type, 'fd.name': entry.local, 'fd.l4proto': l4, role: 'server', ...split(entry.local, 's') }
  }
  return { 'fd.type': type, 'fd.name': either('') }
}

function ends(type: string, l4: string, name: string, server: boolean) {
  const [client, serverEnd] = name.split('->')
  const role = server ? 'server' : 'client'
  return { 'fd.type': type, 'fd.name': name, 'fd.l4proto': l4, role, ...split(client, 'c'), ...split(serverEnd, 's') }
}

function split(end: string, which: 'c' | 's') {
  const colon = end.lastIndexOf(':')
  return { [`fd.${which}ip`]: end.slice(0, colon), [`fd.${which}port`]: Number(end.slice(colon + 1)) }
}

function matches(expected: unknown, value: unknown): boolean {
  return typeof expected === 'function' ? (expected as (value: unknown) => boolean)(value) : expected === value
}

for (const events of ['both', 'exit'] as const) {
  test(`${events}: every event is called what the kernel calls it`, async () => {
    const place = home.file(events)
    const book = home.file(`${events}.book`)
    mkdirSync(place, { mode: 0o777 })
    const running = await start(program, [book, place])
    const early = new Set(readBook(book).map(({ values }) => Number(values.pid)).filter(pid => pid > 0))
    const capture = await open('sysdig', { events, state: true, pids: { allow: [...early], children: true }, ringBytes: 32 << 20 })
    running.go()
    const ended = running.output.finally(() => capture.stop())
    const seen: Seen[] = []
    const entered = new Map<number, { type: number; fd: number | undefined; cmd: unknown }>()
    for await (const burst of capture) {
      for (const ev of burst) {
        const fd = fdOfEvent(ev, entered)
        const marker = ev.name === 'close' && fd !== undefined && fd <= -FIRST_MARKER ? -FIRST_MARKER - fd : undefined
        seen.push({ tid: ev.tid, name: ev.name, dir: ev.dir, fd, marker, values: valuesOf(ev, fd) })
      }
    }
    await ended
    assert.is(capture.stats().dropped.total, 0)
    // What has ended is forgotten; the last one goes with the event after.
    const left = [...new Set(seen.map(({ tid }) => tid))].filter(tid => capture.state!.threads.has(tid))
    assert.ok(left.length <= 1, `still there: ${left.join(', ')}`)
    judge(events, seen, book)
  })
}

/** What the kernel can decide alone, in part, or not at all. */
const FILTERS = [
  'proc.name = names and evt.failed = true',
  'evt.type = read and fd.name contains relative',
  'evt.type = getsockopt and evt.dir = < and fd.sport > 0',
  'evt.type = write and fd.name contains "one two"',
  'evt.failed = true and fd.name contains passwd or evt.type = procexit',
  'proc.name in (insider, forked) and evt.type in (openat, write, close, procexit)',
  'fd.name contains "a dir"',
  'evt.type in (accept, accept4, connect, sendto, recvfrom) and fd.sport > 0',
  'user.name = nobody and evt.type != fcntl',
  'thread.vtid = 1 or proc.name startswith early or proc.pname = forked',
  'evt.is_open_write = true and not fd.name contains passwd',
  // Of exit events, whose fd in that model only the enter event says.
  'evt.failed = true and fd.num > 3', 'fd.type = pipe and evt.dir = <',
]

for (const events of ['both', 'exit'] as const) {
  test(`${events}: filters deliver exactly what they select from everything`, async () => {
    const place = home.file(`${events} filtered`)
    const book = home.file(`${events} filtered.book`)
    mkdirSync(place, { mode: 0o777 })
    const running = await start(program, [book, place])
    const early = new Set(readBook(book).map(({ values }) => Number(values.pid)).filter(pid => pid > 0))
    const options = { events, pids: { allow: [...early], children: true }, ringBytes: 32 << 20 }
    const everything = await open('sysdig', { ...options, state: true })
    const filtered = await Promise.all(FILTERS.map(filter => open('sysdig', { ...options, filter })))
    running.go()
    const all = [everything, ...filtered]
    const ended = running.output.finally(() => { for (const capture of all) capture.stop() })
    const accepts = FILTERS.map(filter => compileFilter(parse(filter), fields))
    const selected = FILTERS.map((): string[] => [])
    const delivered = FILTERS.map((): string[] => [])
    await Promise.all([
      (async () => {
        for await (const burst of everything) {
          for (const ev of burst) accepts.forEach((accept, i) => { if (accept(ev)) selected[i].push(identity(ev)) })
        }
      })(),
      ...filtered.map(async (capture, i) => {
        for await (const burst of capture) for (const ev of burst) delivered[i].push(identity(ev))
      }),
    ])
    await ended
    for (const capture of all) assert.is(capture.stats().dropped.total, 0)
    const bad: { filter: string; missing: string[]; unasked: string[] }[] = []
    FILTERS.forEach((filter, i) => {
      const { seen, delivered: count, filtered: left } = filtered[i].stats()
      console.log(`${events}: ${count} of ${seen}, ${left} left out: ${filter}`)
      assert.ok(selected[i].length > 0, filter)
      bad.push({ filter, missing: without(selected[i], delivered[i]), unasked: without(delivered[i], selected[i]) })
    })
    assert.equal(bad.filter(({ missing, unasked }) => missing.length + unasked.length > 0), [])
  })
}

/** What is in one list and not in the other, each as often. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const item of other) left.set(item, (left.get(item) ?? 0) + 1)
  return list.filter(item => {
    const count = left.get(item) ?? 0
    left.set(item, count - 1)
    return count <= 0
  })
}

/** The same for the same event in two captures, which each take the time themselves. */
function identity(ev: Event): string {
  return `${ev.tid} ${ev.dir} ${ev.name} ${Buffer.from(ev.record.copy()).subarray(HEADER).toString('latin1')}`
}

function judge(events: string, seen: readonly Seen[], book: string): void {
  const lines = readBook(book)
  const at = schedule(lines, seen)
  const known = new Known(lines)
  for (const line of at.get(-1) ?? []) known.apply(line, true)
  const wrong = new Map<string, Set<string>>()
  const compared = new Map<string, number>()
  const excused = new Map<string, number>()
  const firstLines = new Map<number, Values>()
  for (const { verb, values } of lines) {
    if (verb === 'thread' && !firstLines.has(Number(values.tid))) firstLines.set(Number(values.tid), values)
  }
  const check = (event: Seen, expected: Record<string, unknown>, entry?: Values) => {
    for (const [field, value] of Object.entries(expected)) {
      compared.set(field, (compared.get(field) ?? 0) + 1)
      if (matches(value, event.values[field])) continue
      const excuse = UNKNOWABLE.find(({ of }) => of({ seen: event, field, is: event.values[field], expected: value, entry, known, events }))
      if (excuse !== undefined) {
        excused.set(excuse.what, (excused.get(excuse.what) ?? 0) + 1)
        continue
      }
      const is = String(event.values[field])
      const wanted = typeof value === 'function' ? `of ${JSON.stringify(entry)}` : String(value)
      const text = `${field} is ${is}, not ${wanted} (${event.marker === undefined ? `fd ${event.fd}` : 'a marker'}, ${entry?.link ?? ''})`
      const places = wrong.get(text) ?? new Set()
      wrong.set(text, places.add(`${event.name} ${event.dir}`))
    }
  }
  seen.forEach((event, index) => {
    const { tid, fd, name, dir } = event
    const facts = known.threads.get(tid)
    const before = facts === undefined ? undefined : known.table(facts.table)
    const closed = name.startsWith('close') && dir === 'exit' && fd !== undefined ? before?.get(fd) : undefined
    for (const line of at.get(index) ?? []) known.apply(line)
    let thread = known.threads.get(tid)
    const own = firstLines.get(tid)
    if (thread === undefined && own !== undefined) {
      // Nothing of its own before exec: what it has is its parent's.
      const parent = known.threads.get(Number(own.ppid))
      if (parent !== undefined) thread = { ...parent, tid: own.tid, pid: own.pid, vpid: own.vpid, vtid: own.vtid, ppid: own.ppid }
    }
    if (thread === undefined) {
      wrong.set(`${name} ${dir} of ${tid}, whom the book does not know`, new Set())
      return
    }
    check(event, expectedThread(known, thread))
    if (fd === undefined || fd < 0) return
    const entry = closed ?? known.table(thread.table).get(fd)
    if (entry === undefined) check(event, { known: false })
    else check(event, { known: true, 'fd.num': fd, ...expectedFd(known, entry) }, entry)
  })
  const times = [...compared].map(([field, count]) => `${field} ${count}×`).join(', ')
  console.log(`${events}: ${seen.length} events, ${lines.length} lines; compared: ${times}`)
  for (const { what, why } of UNKNOWABLE) console.log(`  cannot be known, ${excused.get(what) ?? 0}×: ${what}: ${why}`)
  assert.is(new Set(seen.filter(({ marker }) => marker !== undefined).map(({ marker }) => marker)).size > 500, true)
  assert.equal([...wrong].map(([text, events]) => `${[...events].slice(0, 5).join(', ')}: ${text}`), [])
}
