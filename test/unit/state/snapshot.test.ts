import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { openFlags } from '../../../lib/state/fds.js'
import { parseAddress } from '../../../lib/state/interfaces.js'
import { snapshot } from '../../../lib/export/metadata.js'
import { readSnapshot } from '../../../lib/state/snapshot.js'
import { readGroups, readUsers } from '../../../lib/state/users.js'
import { suite } from '../../helpers/suite.js'

const test = suite('snapshot', { needs: ['linux'] })
const dir = mkdtempSync(join(tmpdir(), 'sysring-state-'))
test.after(() => rmSync(dir, { recursive: true }))

/** A procfs made of ordinary files; a value that is an array is a link. */
function procfs(name: string, files: Record<string, string | readonly [string]>): string {
  const root = join(dir, name)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    if (typeof content === 'string') writeFileSync(join(root, path), content)
    else symlinkSync(content[0], join(root, path))
  }
  return root
}

function stat(pid: number, comm: string, state = 'S', flags = 4194304): string {
  return `${pid} (${comm}) ${state} 1 7 8 0 -1 ${flags} 111 0 22 0 0 0 0 0 20 0 1 0 97555 3133440 350\n`
}

function status(tgid: number, ids: { ppid?: number; tid?: string; tgids?: string; pgids?: string } = {}): string {
  return `Name:\tx\nTgid:\t${tgid}\nPPid:\t${ids.ppid ?? 1}\nUid:\t1000\t1001\t1002\t1003\nGid:\t100\t101\t102\t103\n`
    + `NStgid:\t${ids.tgids ?? tgid}\nNSpid:\t${ids.tid ?? tgid}\nNSpgid:\t${ids.pgids ?? '9'}\nVmSize:\t    3060 kB\nVmRSS:\t    1688 kB\nVmSwap:\t       5 kB\n`
    + 'CapInh:\t0000000000000001\nCapPrm:\t000001fffeffffff\nCapEff:\t0000000000000400\n'
}

const FAKE = {
  'stat': 'cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\ncpu10 1 2 3\nbtime 1700000000\n',
  'sys/kernel/pid_max': '4194304\n',
  '50/stat': stat(50, 'a) S (b c'),
  '50/status': status(50, { ppid: 3, tgids: '50\t6\t2', tid: '50\t6\t2', pgids: '9\t1' }),
  '50/cmdline': 'prog\0first\0\0third\0',
  '50/environ': 'A=1\0SECRET=x\0',
  '50/limits': 'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 4096                 files\n',
  '50/cgroup': '9:name=systemd:/\n4:memory:/docker/abc\n3:cpu,cpuacct:/x:y\n0::/unified\n',
  '50/loginuid': '1000',
  '50/exe': ['/usr/bin/prog'],
  '50/cwd': ['/home/u'],
  '50/root': ['/'],
  '50/ns/net': ['net:[4026531840]'],
  '50/task/50/stat': '',
  '50/task/51/stat': stat(51, 'worker'),
  '50/task/51/status': status(50, { tid: '51\t7\t3', tgids: '50\t6\t2' }),
  // a thread of which only the directory was still there
  '50/task/52/comm': 'gone',
  '50/fd/0': ['/dev/null'],
  '50/fd/3': ['pipe:[77]'],
  '50/fd/4': ['socket:[1001]'],
  '50/fd/5': ['socket:[1002]'],
  '50/fd/6': ['socket:[1003]'],
  '50/fd/7': ['socket:[1004]'],
  '50/fd/8': ['socket:[1005]'],
  '50/fd/9': ['socket:[9999]'],
  '50/fd/10': ['anon_inode:[eventpoll]'],
  '50/fd/11': ['anon_inode:inotify'],
  '50/fd/12': ['anon_inode:bpf-map'],
  '50/fd/13': ['/no/such/file (deleted)'],
  '50/fd/14': ['/usr'],
  '50/fdinfo/0': 'pos:\t0\nflags:\t02100002\nmnt_id:\t24\n',
  '50/task/51/ns/net': ['net:[4026532000]'],
  '50/net/tcp': '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
    + '   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1001 1 000000008e0c93a5 100 0 0 10 0\n'
    + '   1: 0100007F:1F90 0200000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 1002 1 000000008e0c93a5 100 0 0 10 0\n',
  '50/net/udp6': '  sl  local_address                         remote_address                        st ...\n'
    + '   9: 00000000000000000000000001000000:0035 000080FE00000000FF00FC000100FEFF:0050 01 00000000:00000000 00:00000000 00000000     0        0 1003 2 0 0\n',
  '50/net/unix': 'Num       RefCount Protocol Flags    Type St Inode Path\nffff888012345678: 00000003 00000000 00010000 0001 01  1004 /run/a socket\n',
  '50/net/netlink': 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n00000000211a48d1 15  50         00000000 0        0        0     2        0        1005    \n',
  '60/stat': stat(60, 'kthread', 'S', 0x200000 | 0x40),
  '60/status': status(60),
  '61/stat': stat(61, 'zombie', 'Z'),
  '61/status': status(61),
  '62/comm': 'vanished',
} as const

test('a process as procfs shows it', () => {
  const { threads, machine } = readSnapshot({ proc: procfs('one', FAKE) })
  assert.equal(threads[0], {
    tid: 50, pid: 50, ptid: 3, sid: 8, vpgid: 1, comm: 'a) S (b c', exe: 'prog', exepath: '/usr/bin/prog', args: ['first', '', 'third'],
    cwd: '/home/u', fdlimit: 1024, flags: 0, uid: 1001, gid: 101, vmSizeKb: 3060, vmRssKb: 1688, vmSwapKb: 5, majorFaults: 22,
    minorFaults: 111, env: ['A=1', 'SECRET=x'], vtid: 2, vpid: 2,
    cgroups: ['memory=/docker/abc', 'cpu=/x:y', 'cpuacct=/x:y', 'cpuset=/unified', 'blkio=/unified'],
    root: '/', loginuid: 1000, exeWritable: false, capInheritable: 1n, capPermitted: 0x1fffeffffffn, capEffective: 0x400n,
    exeIno: 0n, exeCtime: 0n, exeMtime: 0n, pgid: 9, tty: 0, netns: 4026531840,
  })
  assert.is(machine.cpus, 3)
  assert.is(machine.maxPid, 4194304)
  assert.is(machine.bootTime, 1_700_000_000_000_000_000n)
})

test('its threads share what is shared; kernel threads, zombies and what vanished are left out', () => {
  const { threads, fds } = readSnapshot({ proc: procfs('two', FAKE), env: false })
  assert.equal(threads.map(({ tid }) => tid), [50, 51])
  const [main, thread] = threads
  assert.equal(thread, { ...main, tid: 51, vtid: 3, comm: 'worker', ptid: 1, pgid: 9, vpgid: 9, flags: 8192 | 1, netns: 4026532000 })
  assert.equal(main.env, [])
  assert.equal(fds.map(({ pid }) => pid), [50])
})

test('its open files, with sockets from the tables of its namespace', () => {
  const { fds } = readSnapshot({ proc: procfs('three', FAKE) })
  const by = new Map(fds[0].fds.map((fd) => [fd.fd, fd]))
  const { ino, ...nothing } = by.get(0)!
  assert.ok(ino > 0)
  assert.is(nothing.type, 'file')
  if (nothing.type === 'file') assert.equal([nothing.name, nothing.openFlags & 0xfff], ['/dev/null', 3])
  assert.equal(by.get(3), { fd: 3, ino: 77, type: 'pipe', name: 'pipe:[77]' })
  const end = (address: string, port: number) => ({ address: Buffer.from(parseAddress(address)), port })
  assert.equal(by.get(4), { fd: 4, ino: 1001, type: 'inet', l4: 'tcp', local: end('0.0.0.0', 2024), remote: undefined, netns: 4026531840 })
  assert.equal(by.get(5), { fd: 5, ino: 1002, type: 'inet', l4: 'tcp', local: end('127.0.0.1', 8080), remote: end('10.0.0.2', 443), netns: 4026531840 })
  assert.equal(by.get(6), { fd: 6, ino: 1003, type: 'inet', l4: 'udp', local: end('::1', 53), remote: end('fe80::fc:ff:fffe:1', 80), netns: 4026531840 })
  assert.equal(by.get(7), { fd: 7, ino: 1004, type: 'unix', source: 0xffff888012345678n, name: '/run/a socket' })
  assert.equal(by.get(8), { fd: 8, ino: 1005, type: 'netlink', name: 'NETLINK:[KOBJECT_UEVENT]' })
  assert.equal(by.get(9), { fd: 9, ino: 9999, type: 'unsupported', name: 'socket:[9999]' })
  assert.is(by.get(10)!.type, 'eventpoll')
  assert.is(by.get(11)!.type, 'inotify')
  assert.equal(by.get(12), { fd: 12, ino: 0, type: 'unsupported', name: 'anon_inode:bpf-map' })
  assert.is(by.get(13), undefined, 'a file that can no longer be looked at')
  assert.is(by.get(14)!.type, 'directory')
})

test('limits hold', () => {
  const proc = procfs('four', FAKE)
  assert.is(readSnapshot({ proc, maxThreads: 1 }).threads.length, 1)
  assert.is(readSnapshot({ proc, maxFds: 2 }).fds[0].fds.length, 2)
  assert.is(readSnapshot({ proc: join(dir, 'nothing') }).threads.length, 0)
})

test('blocks: lists are cut at 4096 bytes and end with NUL, paths at 1023', () => {
  const long = 'é'.repeat(5000)
  const proc = procfs('five', { ...FAKE, '50/cmdline': `prog\0${long}\0`, '50/environ': `A=${long}\0`, '50/cwd': [`/${'d'.repeat(2000)}`] })
  const body = snapshot({ proc }).find(({ type }) => type === 0x215)!.body
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  let at = 44 // length and five ids
  const text = () => {
    const length = bytes.readUInt16LE(at)
    at += 2 + length
    return bytes.subarray(at - length, at)
  }
  assert.is(text().toString(), 'a) S (b c')
  assert.is(text().toString(), 'prog')
  assert.is(text().toString(), '/usr/bin/prog')
  const args = text()
  assert.ok(args.length <= 4096 && args.at(-1) === 0)
  assert.is(text().length, 1023)
  at += 8 + 6 * 4 + 16
  const env = text()
  assert.ok(env.length <= 4096 && env.at(-1) === 0)
  at += 16
  assert.is(text().toString(), 'memory=/docker/abc\0cpu=/x:y\0cpuacct=/x:y\0cpuset=/unified\0blkio=/unified\0')
  assert.is(text().toString(), '/')
  assert.is(bytes.readUInt32LE(0), at + 29, 'the old tail has 29 bytes')
  assert.is(bytes.readUInt32LE(at), 1000)
})

test('blocks: order and sizes that libscap expects', () => {
  const blocks = snapshot({ proc: procfs('six', FAKE) })
  assert.equal(blocks.map(({ type }) => type), [0x201, 0x219, 0x220, 0x215, 0x218])
  assert.is(blocks[0].body.length, 180)
  for (const { type, body } of blocks.slice(1)) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
    let at = type === 0x218 ? 8 : 0
    while (at < bytes.length) at += bytes.readUInt32LE(at) + (type === 0x219 ? 4 : 0)
    assert.is(at, bytes.length, `the entries fill the block 0x${type.toString(16)}`)
  }
})

test('users and groups', () => {
  const passwd = join(dir, 'passwd')
  writeFileSync(passwd, '# a comment\nroot:x:0:0:root:/root:/bin/sh\n+::::::\n\nshort:x:5:6\nbad:x:y:z:::\nu:x:4294967294:7:::/bin/false\n')
  assert.equal(readUsers(passwd), [
    { uid: 0, gid: 0, name: 'root', home: '/root', shell: '/bin/sh' },
    { uid: 5, gid: 6, name: 'short', home: '', shell: '' },
    { uid: 4294967294, gid: 7, name: 'u', home: '', shell: '/bin/false' },
  ])
  assert.equal(readGroups(passwd)[0], { gid: 0, name: 'root' })
  assert.equal(readUsers(join(dir, 'none')), [])
})

test('addresses', () => {
  const hex = (address: string) => Buffer.from(parseAddress(address)).toString('hex')
  assert.is(hex('192.0.2.255'), 'c00002ff')
  assert.is(hex('::'), '0'.repeat(32))
  assert.is(hex('::1'), `${'0'.repeat(31)}1`)
  assert.is(hex('fe80::'), `fe80${'0'.repeat(28)}`)
  assert.is(hex('2001:db8::a:b'), '20010db80000000000000000000a000b')
  assert.is(hex('::ffff:10.0.0.1'), '00000000000000000000ffff0a000001')
})

test('open flags are those of the driver', () => {
  const { O_APPEND, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = constants
  assert.is(openFlags(O_RDONLY), 1)
  assert.is(openFlags(O_WRONLY | O_APPEND), 2 | 8)
  assert.is(openFlags(O_RDWR | O_CREAT | O_TRUNC | O_NONBLOCK), 3 | 4 | 0x100 | 0x40)
  assert.is(openFlags(O_RDONLY | O_DIRECTORY | 0o2000000), 1 | 0x400 | 0x1000)
  assert.is(openFlags(O_RDWR | O_SYNC), 3 | 0x80 | 0x10)
})

test('this process, its threads, and children that come and go', async () => {
  const worker = new Worker('require("node:worker_threads").parentPort.once("message", () => process.exit())', { eval: true })
  const fd = openSync(join(dir, 'mine'), 'w')
  const children = Array.from({ length: 20 }, () => spawn('sleep', ['0.02']))
  for (let i = 0; i < 10; i++) {
    const { threads, fds } = readSnapshot()
    const mine = threads.filter(({ pid }) => pid === process.pid)
    assert.ok(mine.length > 1, 'a Node process has threads')
    assert.is(mine.filter(({ flags }) => flags === 0).length, 1)
    const [main] = mine
    assert.equal([main.ptid, main.cwd, main.uid, main.exepath], [process.ppid, process.cwd(), process.geteuid!(), process.execPath])
    const open = fds.find(({ pid }) => pid === process.pid)!.fds.find((entry) => entry.fd === fd)
    assert.is(open !== undefined && 'name' in open && open.name, join(dir, 'mine'))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  closeSync(fd)
  worker.postMessage('end')
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))))
})

test('without root it is the same, less what is other people\'s', () => {
  const script = `import { readSnapshot } from ${JSON.stringify(new URL('../../../lib/state/snapshot.ts', import.meta.url).href)}
    process.setuid(65534)
    const { threads } = readSnapshot()
    console.log(threads.some(({ pid }) => pid === process.pid), threads.length > 1)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.is(stdout.trim(), 'true true', stderr)
}, { needs: ['root'] })
