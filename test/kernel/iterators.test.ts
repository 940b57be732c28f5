import * as assert from 'uvu/assert'
import { encodeSnapshot } from '../../lib/export/metadata.js'
import { parseMetadata } from '../../lib/iface/file/lists.js'
import { native } from '../../lib/native.js'
import type { Fd } from '../../lib/state/fds.js'
import { parseFiles, parseThreads } from '../../lib/state/kernelrecords.js'
import { readSnapshot, type Snapshot } from '../../lib/state/snapshot.js'
import type { Thread } from '../../lib/state/threads.js'
import { compile, start } from '../helpers/program.js'
import { run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('iterators', { needs: ['root', 'bpf', 'btf', 'cc'], timeoutMs: 30_000 })

/** What the program holds by name, and what each source says of it and its children. */
interface Held {
  pid: number
  numbers: Map<string, number>
  iterators: Snapshot
  proc: Snapshot
}
let held: Held

test.before(async () => {
  const program = await start(compile('holds'))
  const proc = readSnapshot({ source: 'proc' })
  const iterators = readSnapshot({ source: 'iterators' })
  program.go()
  const lines = (await program.output).trim().split('\n').map(line => /^(.*) (\d+)$/.exec(line)!)
  const numbers = new Map(lines.map(([, name, number]) => [name, Number(number)]))
  held = { pid: program.pid, numbers, iterators, proc }
})

/** What the program itself does not hold as an fd. */
const PLACES = ['elsewhere', 'elsewhere listener', 'sharing', 'separate', 'own file']

/** The fds of a table, by the program's names for them. */
function named({ fds }: Snapshot, pid: number): Map<string, Fd> {
  const table = new Map(fds.find(table => table.pid === pid)!.fds.map(fd => [fd.fd, fd]))
  const own = [...held.numbers].filter(([name, number]) => table.has(number) && !PLACES.includes(name))
  return new Map(own.map(([name, number]) => [name, table.get(number)!]))
}

test('the source is said', () => {
  assert.equal([held.iterators.source, held.iterators.insteadOfIterators, held.proc.source], ['iterators', undefined, 'proc'])
})

const ENDS = { source: 0n, destination: undefined }

test('fds: what /proc knows, the iterators know too', () => {
  const proc = named(held.proc, held.pid)
  const iterators = named(held.iterators, held.pid)
  assert.is(proc.size, held.numbers.size - PLACES.length)
  for (const [name, expected] of proc) {
    const fd = iterators.get(name)!
    // The kernel does not show its addresses in /proc/net/unix, and nowhere the other end.
    if (expected.type === 'unix') assert.equal({ ...fd, ...ENDS }, { ...expected, ...ENDS }, name)
    // /proc/net/netlink lists bound sockets only.
    else if (name === 'netlink unbound') assert.equal([expected.type, fd.type], ['unsupported', 'netlink'])
    else assert.equal(fd, expected, name)
  }
  assert.equal(proc.size, iterators.size)
})

test('fds: types, names and flags', () => {
  const fds = named(held.iterators, held.pid)
  const type = (name: string) => fds.get(name)!.type
  const kinds: Record<string, string[]> = {
    file: ['file', 'read only', 'deleted', 'device', 'path only', 'memfd'], directory: ['directory'], pipe: ['fifo', 'pipe 0', 'pipe 1'],
    inet: [
      'tcp4 listener', 'tcp4 client', 'tcp4 accepted', 'tcp6 listener', 'tcp6 client', 'tcp6 accepted', 'udp4 bound', 'udp4 connected',
      'udp6 bound', 'raw',
    ],
    unix: ['unix listener', 'unix client', 'unix accepted', 'unix abstract', 'unix pair 0', 'unix pair 1'],
    eventfd: ['eventfd'], eventpoll: ['epoll'], timerfd: ['timerfd'], signalfd: ['signalfd'], inotify: ['inotify'],
    netlink: ['netlink', 'netlink unbound'], unsupported: ['pidfd', 'tcp unbound', 'udp4 unbound', 'packet'],
  }
  for (const [kind, names] of Object.entries(kinds)) for (const name of names) assert.is(type(name), kind, name)
  assert.is(Object.values(kinds).flat().length, held.numbers.size - PLACES.length)
  const flags = (name: string) => (fds.get(name) as Fd & { openFlags: number }).openFlags
  assert.equal([flags('file'), flags('read only'), flags('device')], [3 | 1 << 3 | 1 << 12, 1, 2 | 1 << 6])
  assert.match((fds.get('deleted') as { name: string }).name, /\/deleted \(deleted\)$/)
  assert.match((fds.get('memfd') as { name: string }).name, /^\/memfd:a memfd/)
})

test('sockets: both ends', () => {
  const fds = named(held.iterators, held.pid)
  const inet = (name: string) => {
    const fd = fds.get(name)!
    if (fd.type !== 'inet') throw new Error(`${name} is ${fd.type}`)
    return fd
  }
  for (const family of ['tcp4', 'tcp6']) {
    const [listener, client, accepted] = ['listener', 'client', 'accepted'].map(end => inet(`${family} ${end}`))
    assert.is(listener.remote, undefined)
    assert.equal(client.remote, listener.local)
    assert.equal([accepted.local, accepted.remote], [client.remote, client.local])
    assert.is(client.local.address.length, family === 'tcp4' ? 4 : 16)
    assert.is(client.local.address.at(-1), 1)
  }
  assert.equal(inet('udp4 connected').remote, inet('udp4 bound').local)
  const unix = (name: string) => {
    const fd = fds.get(name)!
    if (fd.type !== 'unix') throw new Error(`${name} is ${fd.type}`)
    return fd
  }
  assert.is(unix('unix client').destination, unix('unix accepted').source)
  assert.is(unix('unix accepted').destination, unix('unix client').source)
  assert.is(unix('unix pair 0').destination, unix('unix pair 1').source)
  assert.is(unix('unix listener').destination, 0n)
  assert.equal([unix('unix listener').name, unix('unix client').name, unix('unix abstract').name], ['socket', '', `@holds-${held.pid}`])
})

test('namespaces: a listener in another one, its process under its own numbers', () => {
  const pid = held.numbers.get('elsewhere')!
  for (const source of [held.iterators, held.proc]) {
    const thread = source.threads.find(({ tid }) => tid === pid)!
    assert.equal([thread.vtid, thread.vpid, thread.comm], [1, 1, 'elsewhere'])
    const listener = source.fds.find(table => table.pid === pid)!.fds.find(({ fd }) => fd === held.numbers.get('elsewhere listener'))
    assert.equal(listener?.type === 'inet' && [listener.local.port, listener.remote], [4321, undefined])
  }
})

test('threads: one that shares its fds, and one that does not', () => {
  const [sharing, separate] = ['sharing', 'separate'].map(name => held.numbers.get(name)!)
  const of = (tid: number) => held.iterators.threads.find(thread => thread.tid === tid)!
  assert.equal([of(sharing).flags, of(separate).flags, of(held.pid).flags], [1 << 13 | 1, 1 << 13, 0])
  assert.is(held.iterators.fds.some(({ pid }) => pid === sharing), false)
  const own = held.iterators.fds.find(({ pid }) => pid === separate)!.fds
  const file = own.find(({ fd }) => fd === held.numbers.get('own file'))
  assert.is(file?.type === 'file' && file.name.endsWith('/own file'), true)
  const ofMain = held.iterators.fds.find(({ pid }) => pid === held.pid)!.fds
  assert.is(ofMain.some(fd => 'name' in fd && fd.name.endsWith('/own file')), false)
})

/** What moves between two looks, or is told otherwise: counters of memory are exact in /proc and rough in the kernel's own. */
const MOVING: ReadonlySet<keyof Thread> = new Set(['vmRssKb', 'vmSwapKb', 'majorFaults', 'minorFaults', 'pidnsStart'])

test('threads: what /proc says, the iterators say too', () => {
  const ours = new Set([held.pid, held.numbers.get('elsewhere')!, process.pid])
  let compared = 0
  for (const expected of held.proc.threads.filter(({ pid }) => ours.has(pid))) {
    const thread = held.iterators.threads.find(({ tid }) => tid === expected.tid)
    // A thread of Node's may have come or gone.
    if (thread === undefined && expected.pid === process.pid) continue
    for (const key of Object.keys(expected) as (keyof Thread)[]) {
      // How a thread shares its fds /proc does not tell.
      if (MOVING.has(key) || (key === 'flags' && expected.tid === held.numbers.get('separate'))) continue
      if (key === 'vmSizeKb' && expected.pid === process.pid) continue
      assert.equal(thread![key], expected[key], `${key} of ${expected.comm}`)
    }
    const [rss, rssThen] = [thread!.vmRssKb, expected.vmRssKb]
    assert.ok(Math.abs(rss - rssThen) < Math.max(2048, rssThen / 4), `${rss} KiB, not ${rssThen}`)
    compared++
  }
  assert.ok(compared >= 5)
  const before = BigInt(Date.now()) * 1_000_000n
  const starts = held.iterators.threads.flatMap(({ pidnsStart }) => (pidnsStart === undefined ? [] : [pidnsStart]))
  assert.ok(starts.length > 5 && starts.every(start => start >= held.iterators.machine.bootTime && start <= before))
  const start = (name: string) => held.iterators.threads.find(({ tid }) => tid === held.numbers.get(name))!.pidnsStart!
  assert.ok(start('elsewhere') > start('sharing'))
})

test('the whole machine: nothing that only the iterators know, and all that they show of each process', () => {
  const processes = (snapshot: Snapshot) => new Set(snapshot.threads.map(({ pid }) => pid))
  const [iterators, proc] = [processes(held.iterators), processes(held.proc)]
  // Programs come and go.
  const missing = [...proc].filter(pid => !iterators.has(pid))
  assert.ok(held.iterators.threads.every(({ ptid }) => ptid === 0 || iterators.has(ptid) || !proc.has(ptid)), 'parents')
  assert.ok(missing.length <= 5, `missing: ${missing.join(' ')}`)
  assert.equal(new Set(held.iterators.threads.map(({ tid }) => tid)).size, held.iterators.threads.length)
  for (const { tid, pid } of held.iterators.threads) if (tid === pid) assert.ok(held.iterators.fds.some(table => table.pid === pid))
})

test('it can be written to files', () => {
  const lists = parseMetadata(encodeSnapshot(held.iterators))
  assert.equal([lists.damaged, lists.threads.length], [0, held.iterators.threads.length])
  const client = lists.fds.find(({ pid }) => pid === held.pid)!.fds.find(({ fd }) => fd === held.numbers.get('unix client'))!
  assert.ok(client.destination! > 0n && client.source! > 0n)
})

test('limits', () => {
  const { threads } = readSnapshot({ source: 'iterators', maxThreads: 10, env: false })
  assert.ok(threads.length <= 10 && threads.length > 0)
  // Of this process, if of no other.
  const { fds } = readSnapshot({ source: 'iterators', maxFds: 2 })
  assert.ok(fds.every(table => table.fds.length <= 2) && fds.some(table => table.fds.length === 2))
  assert.ok(threads.every(({ env }) => env.length === 0))
})

test('many open files: more than the kernel hands out at once', async () => {
  const script = 'import os, sys; fds = [os.open("/dev/null", 0) for i in range(3000)]; print(os.getpid(), flush=True); sys.stdin.read()'
  const { spawn } = await import('node:child_process')
  const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const pid = Number(String(await new Promise(done => child.stdout.once('data', done))))
    const of = (options = {}) => readSnapshot({ source: 'iterators', ...options }).fds.find(table => table.pid === pid)!.fds
    const all = of()
    const opened = all.filter(({ fd, type }) => fd > 2 && type === 'file')
    assert.is(new Set(opened.map(({ fd }) => fd)).size, 3000)
    assert.is(opened.length, 3000)
    assert.is(of({ maxFds: 1000 }).length, 1000)
  } finally {
    child.stdin.end()
    await new Promise(done => child.once('exit', done))
  }
}, { needs: ['python3'] })

test('records that are not whole are refused', () => {
  const { threads, files } = native().readKernelState(16)
  assert.ok(parseThreads(threads).length > 1)
  for (const cut of [1, 4, 100, 207]) assert.throws(() => parseThreads(threads.subarray(0, cut)), /not whole/)
  for (const cut of [1, 4, 100, 216]) assert.throws(() => parseFiles(files.subarray(0, cut), () => {}), /not whole/)
  const wrong = Buffer.from(files)
  wrong.writeUInt32LE(0xffff_ffff, 28)
  assert.throws(() => parseFiles(wrong, () => {}), /not whole/)
})

test('without the right to it, or for another /proc, it is /proc, and the reason is said', async () => {
  const elsewhere = readSnapshot({ source: 'iterators', proc: '/proc' })
  assert.equal([elsewhere.source, elsewhere.insteadOfIterators?.code], ['proc', 'ERR_CAPTURE_OPTION'])
  const script = `import { readSnapshot } from ${JSON.stringify(new URL('../../lib/state/snapshot.ts', import.meta.url).href)}
    process.setuid(65534)
    const { source, insteadOfIterators, threads } = readSnapshot({ source: 'iterators' })
    console.log(source, insteadOfIterators.code, insteadOfIterators.hint !== '', threads.length > 1)`
  const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script])
  assert.is(stdout, 'proc ERR_CAPTURE_PERM true true\n', stderr)
})
