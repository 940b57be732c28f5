// timeout: 120
/** The fields of processes, threads, users, groups, containers and fds against what sysdig says of the same file. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Event } from '../../lib/event/event.js'
import { textOf } from '../../lib/event/text.js'
import { bindField, type BoundField, fields } from '../../lib/field/registry.js'
import { valueText } from '../../lib/field/value.js'
import { openFile } from '../../lib/iface/file/open.js'
import { folder } from '../helpers/folder.js'
import { type ParamValue, type RecordFields, sockaddr, socktuple, unixTuple } from '../helpers/record.js'
import { ROOT, run } from '../helpers/run.js'
import { scapOf } from '../helpers/scap.js'
import { suite } from '../helpers/suite.js'

const { file: inFolder } = folder()
const test = suite('fields of the state as sysdig has them', { needs: ['sysdig'], timeoutMs: 60_000 })

/** Types that sysdig 0.29 does not know it leaves out, and does not count. */
const SYSDIG_TYPES = 336

// Between fields and after the last: no value in these files has such bytes.
const NEXT = '\x1e\x1f\x1e'
const END = '\x1d\x1f\x1d'

/** What sysdig says of fields without a value. */
const NONE = '<NA>'

const CLASSES = /^(proc|thread|user|group|container|fd)\./

/** Those that sysdig has too, with the arguments that they are tried with. */
const NAMES = fields()
  .filter(({ name, since, filterOnly }) => CLASSES.test(name) && since === undefined && filterOnly !== true)
  .flatMap(({ name, arg }) => {
    if (name === 'thread.cgroup') return ['thread.cgroup.cpu', 'thread.cgroup.memory']
    if (name === 'proc.aname' || name === 'proc.apid') return [1, 2, 3].map((level) => `${name}[${level}]`)
    // sysdig takes an argument of proc.env for text.
    return arg === 'required' ? [`${name}[0]`, `${name}[/*]`] : [name]
  })

/** Who asks sysdig for the name of a file that was not opened gets other values for the fields after it: these stand alone. */
const ALONE = /^fd\.(name|directory|containername|containerdirectory)$/
const RUNS = [NAMES.filter((name) => !ALONE.test(name)), ...NAMES.filter((name) => ALONE.test(name)).map((name) => [name])]

/**
 * What has to be ours where sysdig 0.29.3 says `theirs`: the same, but for what is not so in sysdig; undefined where that can
 * be anything.
 */
function expected(name: string, theirs: string, ev: Event, sawExec: boolean): string | undefined {
  const fd = ev._fd ?? ev._thread?.fds.get(ev._thread.lastFd)
  // It reads the number of threads for the upper half.
  if (name === 'group.gid' && theirs !== NONE) return `${BigInt.asUintN(32, BigInt(theirs))}`
  // Of sockets nobody has written anything there.
  if (name.startsWith('fd.dev') && fd !== undefined && !fd.isFile) return undefined
  // Of sockets that have no ports, or no client because they listen, it is the beginning of an empty text.
  if (name === 'fd.cport' && fd?.isIpSocket === false) return theirs === '0' ? NONE : theirs
  // The fd of setsockopt is in the exit event, where it does not look for it.
  if (name.startsWith('fd.') && ev.name === 'setsockopt' && ev.dir === 'exit') return undefined
  // It does not know that fds are closed by execve.
  if ((name === 'proc.fdopencount' || name === 'proc.fdusage') && sawExec) return undefined
  return theirs
}

async function sysdig(path: string, names: readonly string[]): Promise<Map<number, string[]>> {
  const format = `*${['evt.num', ...names].map((name) => `%${name}`).join(NEXT)}${END}`
  const { stdout, stderr } = await run('sysdig', ['-r', path, '-p', format])
  const lines = stdout.split(`${END}\n`).filter((line) => line !== '')
  assert.ok(lines.length > 0, stderr)
  return new Map(lines.map((line) => {
    const [num, ...values] = line.split(NEXT)
    return [Number(num), values]
  }))
}

function text(field: BoundField, ev: Event): string {
  if (field.write !== undefined) return textOf((out) => { if (!field.write!(out, ev)) out.text(NONE) })
  const value = field.get(ev)
  return value === undefined ? NONE : valueText(value, field.type ?? field.field.type, field.format ?? field.field.format)
}

/** Compares what sysdig shows; it hides what only updates its state. Returns how many values that were, without "<NA>". */
async function compare(path: string): Promise<number> {
  let compared = 0
  for (const names of RUNS) {
    const said = await sysdig(path, names)
    const bound = names.map((name) => bindField(name))
    let num = 0
    let sawExec = false
    for await (const burst of await openFile(path, { state: true, stateEvents: true })) {
      for (const ev of burst) {
        if (ev.packet !== undefined || ev.type >= SYSDIG_TYPES) continue
        num++
        if (ev.name === 'execve' && ev.dir === 'exit') sawExec = true
        // Fields that count have to see every event.
        const ours = bound.map((field) => text(field, ev))
        const theirs = said.get(num)
        if (theirs === undefined) continue
        names.forEach((name, i) => {
          const wanted = expected(name, theirs[i], ev, sawExec)
          if (wanted === undefined) return
          if (ours[i] !== wanted) assert.is(ours[i], wanted, `${name} in event ${num}, ${ev.name} ${ev.dir}`)
          if (wanted !== NONE) compared++
        })
      }
    }
  }
  return compared
}

const FILES = [
  'small.scap', 'medium.scap.gz', 'both.scap.gz', 'vectors/full.scap', 'vectors/generic.scap', 'vectors/pl_old.scap', 'vectors/iflist.scap',
]
for (const file of FILES) {
  test(file, async () => {
    const compared = await compare(join(ROOT, 'test/fixtures', file))
    assert.ok(compared > 50, `${compared} values`)
  })
}

type Call = [name: string, enter: readonly ParamValue[], exit: readonly ParamValue[]]

/** Enter and exit events: "SYSCALL_OPEN" is PPME_SYSCALL_OPEN_E and _X. */
async function compareMade(name: string, calls: readonly Call[]): Promise<void> {
  const path = inFolder(`${name}.scap`)
  const records = calls.flatMap(([call, enter, exit]): RecordFields[] => [
    { type: `PPME_${call}_E` as 'PPME_SYSCALL_OPEN_E', params: enter }, { type: `PPME_${call}_X` as 'PPME_SYSCALL_OPEN_X', params: exit },
  ])
  writeFileSync(path, scapOf(records))
  assert.ok(await compare(path) > 50)
}

const ENOENT = -2
const HERE = -100
const DIRECTORY = 1 << 10 | 1

test('paths that could not be opened', () => compareMade('paths', [
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

test('sockets, and fds of other kinds', () => compareMade('sockets', [
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
