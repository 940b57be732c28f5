import * as assert from 'uvu/assert'
import { suite } from '../../helpers/suite.js'
import { accepts, fd, seen, state, text, thread } from './world.js'

const test = suite('fields of processes')

const init = thread(1, { ptid: 0, comm: 'systemd', exe: '/sbin/init', exepath: '/usr/lib/systemd/systemd', sid: 1, vtid: 1, vpid: 1 })
const login = thread(50, {
  ptid: 1, comm: 'bash', exe: '-bash', exepath: '/bin/bash', sid: 50, vpgid: 50, vtid: 50, vpid: 50, args: ['-l'],
})
const shell = thread(60, {
  ptid: 50, comm: 'sh', exe: 'sh', sid: 50, vpgid: 60, vtid: 60, vpid: 60, cloneTime: 500, env: ['LANG=C', 'HOME=  /root ', 'LANGUAGE=x'],
})
const main = thread(70, {
  ptid: 60, comm: 'work', exe: './work', exepath: '/opt/work', sid: 50, vpgid: 60, pgid: 61, vtid: 70, vpid: 70, cwd: '/tmp/',
  args: ['-x', 'ü'], env: ['A=1', 'B=2'], nchilds: 1, fdlimit: 400, vmSizeKb: 10, vmRssKb: 5, vmSwapKb: 2, cloneTime: 1000, tty: 34816,
  exeIno: 12n, exeCtime: 1_000n, exeMtime: 0n, pidnsStart: 400n,
})
const child = thread(71, { ...main, tid: 71, pid: 70, vtid: 71, nchilds: 0, comm: 'worker', env: [] })
state.firstTs = 5_000n
state.time = 1_700

const call = { type: 'PPME_SYSCALL_CLOSE_E', tid: 71, params: [3] } as const
const inMain = seen({ ...call, tid: 70 }, { of: main })
const inThread = seen(call, { of: child })
const nowhere = seen(call)

function texts(ev: typeof inMain, expected: Record<string, string | undefined>): void {
  for (const [field, value] of Object.entries(expected)) assert.is(text(field, ev), value, field)
}

test('say who it is', () => {
  texts(inMain, {
    'proc.pid': '70', 'proc.ppid': '60', 'proc.vpid': '70', 'proc.sid': '50', 'proc.vpgid': '60', 'proc.pgid': '61', 'proc.tty': '34816',
    'proc.pvpid': '60', 'proc.duration': '700', 'proc.ppid.duration': '1200', 'proc.pid.ts': '6000', 'proc.ppid.ts': '5500',
    'proc.is_sid_leader': 'false', 'proc.is_vpgid_leader': 'false', 'proc.is_pgid_leader': 'false',
  })
  texts(seen(call, { of: login }), { 'proc.is_sid_leader': 'true', 'proc.duration': undefined, 'proc.pid.ts': undefined })
})

test('say what it was started as', () => {
  texts(inMain, {
    'proc.name': 'work', 'proc.exe': './work', 'proc.exepath': '/opt/work', 'proc.args': '-x ü', 'proc.cmdline': 'work -x ü',
    'proc.exeline': './work -x ü', 'proc.cwd': '/tmp/', 'proc.env': 'A=1 B=2', 'proc.env[B]': '2', 'proc.env[C]': '', 'proc.cmdnargs': '2',
    'proc.cmdlenargs': '4',
  })
  texts(seen(call, {
    of: shell }), { 'proc.cmdline': 'sh', 'proc.exeline': 'sh ', 'proc.args': '', 'proc.env[HOME]': '/root', 'proc.env[LANG]': 'C',
  })
})

test('of a thread, what belongs to the process is the main thread\'s', () => {
  texts(inThread, {
    'proc.pid': '70', 'proc.name': 'worker', 'proc.env': 'A=1 B=2', 'proc.cwd': '/tmp/', 'proc.nthreads': '2', 'proc.nchilds': '0',
    'proc.fdlimit': '400', 'proc.aname[0]': 'work', 'proc.ppid': '60',
  })
})

test('of an event without a thread, nothing', () => {
  texts(nowhere, {
    'proc.pid': undefined, 'proc.name': undefined, 'proc.ppid': undefined, 'proc.aname[1]': undefined, 'proc.sname': undefined,
    'proc.loginshellid': undefined, 'proc.fdusage': undefined, 'proc.env': undefined, 'proc.is_container_healthcheck': undefined,
  })
  assert.not(accepts('proc.aname', '!=', ['x'], nowhere))
})

test('say whom it comes from', () => {
  texts(inThread, {
    'proc.pname': 'sh', 'proc.pcmdline': 'sh', 'proc.pexe': 'sh', 'proc.aname[1]': 'sh', 'proc.aname[2]': 'bash',
    'proc.aname[3]': 'systemd',
    'proc.aname[4]': undefined, 'proc.apid[2]': '50', 'proc.aexe[2]': '-bash', 'proc.aexepath[2]': '/bin/bash',
    'proc.acmdline[2]': 'bash -l',
    'proc.aname': 'work', 'proc.aenv[1]': 'LANG=C HOME=  /root  LANGUAGE=x', 'proc.aenv[LANGUAGE]': 'x', 'proc.aenv[NONE]': '',
    'proc.loginshellid': '50',
  })
  assert.throws(() => text('proc.aname[x]', inMain), /which ancestor/)
})

test('without a number filters look at all ancestors, and not at the process', () => {
  assert.ok(accepts('proc.aname', '=', ['bash'], inThread))
  assert.not(accepts('proc.aname', '=', ['work'], inThread))
  assert.ok(accepts('proc.aname', '!=', ['bash'], inThread), 'one that is another')
  assert.ok(accepts('proc.aname', 'in', ['x', 'sh'], inThread))
  assert.ok(accepts('proc.aname', 'startswith', ['sys'], inThread))
  assert.ok(accepts('proc.apid', '>', ['59'], inThread))
  assert.not(accepts('proc.apid', '>', ['60'], inThread))
  assert.ok(accepts('proc.apid', 'in', ['7', '50'], inThread))
  assert.ok(accepts('proc.acmdline', '=', ['bash -l'], inThread))
  assert.ok(accepts('proc.aenv', 'contains', ['LANG=C'], inThread))
  assert.not(accepts('proc.aname', 'exists', [], seen(call, { of: init })))
  assert.throws(() => accepts('proc.apid', '=', ['many'], inThread), RangeError)
  assert.throws(() => accepts('proc.apid', 'contains', ['1'], inThread), RangeError)
})

test('a line of ancestors that is a circle ends', () => {
  const first = thread(90, { ptid: 91, comm: 'one' })
  thread(91, { ptid: 90, comm: 'twosh' })
  const ev = seen(call, { of: first })
  assert.not(accepts('proc.aname', '=', ['none'], ev))
  assert.is(text('proc.loginshellid', ev), '91')
  assert.is(text('proc.aname[3]', ev), 'twosh')
})

test('name the leader of the session, where it has ended the oldest ancestor in it', () => {
  assert.is(text('proc.sname', inThread), 'bash')
  texts(inThread, { 'proc.sid.exe': '-bash', 'proc.sid.exepath': '/bin/bash', 'proc.vpgid.name': 'sh', 'proc.pgid.name': '' })
  state.threads.delete(50)
  shell.ptid = 1
  assert.is(text('proc.sname', inThread), 'sh')
  assert.is(text('proc.sid.exe', inThread), 'sh')
  shell.ptid = 50
  state.threads.set(50, login)
})

test('a group number of another pid namespace is no thread of this machine', () => {
  const inside = thread(80, { ptid: 60, comm: 'inside', vtid: 2, vpid: 2, vpgid: 1, sid: 1 })
  assert.is(text('proc.vpgid.name', seen(call, { of: inside })), '')
})

test('say what it uses', () => {
  main.fds.set(0, fd({ type: 8, name: '/dev/pts/1' }))
  main.fds.set(1, fd({ type: 10, name: '?' }))
  main.fds.set(7, fd({ type: 16, name: '/x' }))
  child.fds = main.fds
  texts(inThread, { 'proc.fdopencount': '3', 'proc.fdusage': '0.8', 'proc.vmsize': '10', 'proc.vmrss': '5', 'proc.vmswap': '2' })
  texts(inThread, { 'proc.stdin.type': 'unix', 'proc.stdin.name': '/dev/pts/1', 'proc.stdout.type': '<NA>', 'proc.stderr.name': undefined })
  main.fdlimit = -1
  assert.is(text('proc.fdusage', inThread), '0.0')
  main.fdlimit = 2
  assert.is(text('proc.fdusage', inThread), '100.0')
})

test('say of which file it is', () => {
  texts(inMain, {
    'proc.is_exe_writable': 'false', 'proc.exe_ino': '12', 'proc.exe_ino.ctime': '1000', 'proc.exe_ino.mtime': undefined,
    'proc.exe_ino.ctime_duration_proc_start': '5000', 'proc.exe_ino.ctime_duration_pidns_start': '600', 'proc.pidns_init_start_ts': '400',
  })
})

test('tell probes of a container from what it does itself', () => {
  state.containers.set('aaaaaaaaaaaa', {
    id: 'aaaaaaaaaaaa', fullId: 'aaaaaaaaaaaa00', type: 'docker', lookup: 'known', healthcheck: '/bin/sh -c ok', readinessProbe: '/ready',
  })
  const containerId = 'aaaaaaaaaaaa'
  const runc = thread(200, { ptid: 1, comm: 'runc' })
  const probe = thread(201, { ptid: runc.tid, containerId, exe: '/bin/sh', args: ['-c', 'ok'], vpid: 9 })
  const below = thread(202, { ptid: 201, containerId, exe: 'curl', vpid: 10 })
  const first = thread(203, { ptid: 200, containerId, exe: '/app', vpid: 1 })
  const own = thread(204, { ptid: 203, containerId, exe: '/bin/sh', args: ['-c', 'ok'], vpid: 11 })
  for (const [of, expected] of [[probe, 'true'], [below, 'true'], [first, 'false'], [own, 'false'], [runc, 'false']] as const) {
    assert.is(text('proc.is_container_healthcheck', seen(call, { of })), expected, of.exe)
    assert.is(text('proc.is_container_readiness_probe', seen(call, { of })), 'false')
  }
})
