// timeout: 300
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { type CaptureError, type Event, frameExpression, openFile, openTap } from '../../lib/index.js'
import { frameNames } from '../../lib/export/expression.js'
import { synthetic } from '../helpers/capture.js'
import { folder } from '../helpers/folder.js'
import { all, ip } from '../helpers/network.js'
import { compile, start } from '../helpers/program.js'
import { record } from '../helpers/record.js'
import { powerless, run, SYSRING, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../helpers/trace.js'

const test = suite('up', { needs: ['root', 'bpf', 'btf', 'net_raw', 'ip', 'tcpdump', 'cc'], timeoutMs: 60_000 })
const { file } = folder()

let names = 0
/** Of an interface that no other test has. */
const newName = () => `srt${process.pid % 100_000}u${names++}`
const isThere = (name: string) => existsSync(`/sys/class/net/${name}`)

/** `sysring up`, once it is up. */
async function up(name: string, args: readonly string[]) {
  const child: ChildProcess = spawn(SYSRING[0], [...SYSRING.slice(1), 'up', '--name', name, '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', (chunk: Buffer) => { stdout += chunk })
  child.stderr!.on('data', (chunk: Buffer) => { stderr += chunk })
  for (let i = 0; !stderr.includes('is up'); i++) {
    if (child.exitCode !== null || i === 600) throw new Error(`not up: ${stderr}`)
    await sleep(50)
  }
  return {
    pid: child.pid!,
    /** The last line it has printed. */
    last: () => JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Counts,
    /** Ends it, or waits for its end, and gives what it counted. */
    async end(signal?: NodeJS.Signals) {
      if (signal !== undefined) child.kill(signal)
      const [code] = await closed
      return { code, stderr, counts: code === 0 ? (JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Counts) : undefined }
    },
  }
}

interface Counts {
  final: boolean
  seen: number
  delivered: number
  filtered: number
  dropped: { total: number }
  tap: { device: string; written: number; cut: number; notWritten: { total: number }; readers: { pid: number; comm: string; socket: boolean }[] }
}

/** What a file says of each record, in hexadecimal, its time included. */
async function records(path: string, wanted: (ev: Event) => boolean = () => true): Promise<string[]> {
  const found: string[] = []
  for await (const burst of await openFile(path)) for (const ev of burst) if (wanted(ev)) found.push(`${ev.cpu} ${ev.ts} ${ev.record.toString('hex')}`)
  return found
}

let dumps = 0

/** tcpdump into a file, listening. */
async function reader(device: string, args: readonly string[] = []) {
  const path = file(`${dumps++}.pcap`)
  const child = spawn('tcpdump', ['-i', device, '-n', '-B', '65536', '-w', path, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(child, 'close')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk })
  for (let i = 0; !said.includes('listening on'); i++) {
    if (child.exitCode !== null || i === 600) throw new Error(`tcpdump: ${said}`)
    await sleep(20)
  }
  return {
    pid: child.pid!,
    path,
    /** Ends it with a signal, or waits until the interface is gone; gives its own count of packets and drops. */
    async end(signal?: NodeJS.Signals) {
      if (signal !== undefined) child.kill(signal)
      await closed
      return { captured: Number(/^(\d+) packets? captured/m.exec(said)?.[1]), dropped: Number(/^(\d+) packets? dropped by kernel/m.exec(said)?.[1]) }
    },
  }
}


/** A few kinds of calls, of which the program makes and prints exact numbers. */
const CALLS = ['getppid', 'openat', 'close', 'read']

async function counted(): Promise<{ pid: number; run(): Promise<number> }> {
  const program = await start(counts, [0, 300, 0])
  return {
    pid: program.pid,
    async run() {
      program.go()
      const lines = (await program.output).split('\n').map(line => line.split(' '))
      return lines.filter(([name]) => CALLS.includes(name)).reduce((sum, [, count]) => sum + Number(count), 0)
    },
  }
}

let counts = ''
test.before(() => { counts = compile('counts') })

test('N events of a program are N frames for every reader; one comes late, one goes', async () => {
  const name = newName()
  const [before, after] = [await counted(), await counted()]
  const raised = await up(name, ['--pid', `${before.pid},${after.pid}`, '--syscalls', CALLS.join(), '--events', 'both', 'evt.type != procexit'])
  const [one, two, goes] = [await reader(name), await reader(name), await reader(name)]
  const calls = await before.run()
  await sleep(1500)
  await goes.end('SIGINT')
  const late = await reader(name)
  const more = await after.run()
  await sleep(200)
  const { code, stderr, counts } = await raised.end('SIGINT')
  assert.is(code, 0, stderr)
  const { seen, delivered, filtered, dropped, tap } = counts!
  assert.is(seen, delivered + dropped.total + filtered)
  assert.is(tap.written + tap.notWritten.total, delivered)
  assert.is(tap.written + dropped.total, 2 * (calls + more))
  for (const [each, expected] of [[one, tap.written], [two, tap.written], [late, undefined], [goes, undefined]] as const) {
    const { captured, dropped } = await each.end()
    if (expected !== undefined) assert.is(captured + dropped, expected)
    assert.is(dropped, 0)
  }
  const all = await records(one.path)
  assert.is(all.length, tap.written)
  assert.equal(await records(two.path), all)
  assert.equal(await records(goes.path), all.slice(0, 2 * calls))
  assert.equal(await records(late.path), all.slice(2 * calls))
  assert.not.ok(isThere(name))
})

test('a file: waits for a reader, and the frames are its records, times and all', async () => {
  const name = newName()
  const raised = await up(name, ['-r', TRACE])
  await sleep(400)
  assert.ok(isThere(name))
  const one = await reader(name)
  const { code, counts, stderr } = await raised.end()
  assert.is(code, 0, stderr)
  const { captured, dropped } = await one.end()
  assert.equal([captured, dropped, counts!.tap.written, counts!.tap.cut], [TRACE_EVENTS, 0, TRACE_EVENTS, 0])
  assert.equal(await records(one.path), await records(TRACE))
})

test('a file that nobody reads: Ctrl-C ends the wait, --at-once does not wait', async () => {
  const [waiting, hasty] = [newName(), newName()]
  const raised = await up(waiting, ['-r', TRACE])
  assert.is((await raised.end('SIGINT')).code, 0)
  const { code, stdout } = await sysring(['up', '--name', hasty, '-r', TRACE, '--at-once', '-q', '--json'])
  assert.is(code, 0)
  assert.is((JSON.parse(stdout) as Counts).tap.written, TRACE_EVENTS)
  assert.not.ok(isThere(waiting) || isThere(hasty))
})

test('kill -9 leaves nothing, and the name is free', async () => {
  const name = newName()
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const raised = await up(name, ['--syscalls', 'getppid'])
    assert.ok(isThere(name))
    const { code } = await raised.end(signal)
    assert.is(code, signal === 'SIGKILL' ? null : 0)
    assert.not.ok(isThere(name))
  }
})

test('nothing but what is written comes from it', async () => {
  const name = newName()
  const idle = await counted()
  const raised = await up(name, ['--pid', String(idle.pid), '--syscalls', 'getppid'])
  const one = await reader(name)
  const { mtu, flags } = JSON.parse(ip('-j', 'link', 'show', name))[0] as { mtu: number; flags: string[] }
  assert.is(mtu, 65_521)
  assert.ok(flags.includes('NOARP') && !flags.includes('MULTICAST'), flags.join())
  assert.equal((JSON.parse(ip('-j', 'addr', 'show', name)) as { addr_info: unknown[] }[])[0].addr_info, [])
  // Longer than IPv6 takes to look for routers and neighbours.
  await sleep(4000)
  await one.end('SIGINT')
  await idle.run()
  await raised.end('SIGINT')
  assert.equal(await records(one.path), [])
})

// Of this process, which makes no such call: its children's ends are signals, and no chatter.
test('nor where IPv6 cannot be switched off, as /proc/sys is read-only in containers', async () => {
  const name = newName()
  const child = spawn('unshare', ['-m', 'bash', '-c', `mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec ${SYSRING.join(' ')} up --name ${name} --pid ${process.pid} evt.type = getppid`], { stdio: 'ignore' })
  const closed = once(child, 'close')
  for (let i = 0; i < 600 && !isThere(name); i++) await sleep(50)
  await sleep(300)
  const one = await reader(name)
  assert.is(readFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, 'utf8').trim(), '0')
  assert.equal((JSON.parse(ip('-j', 'addr', 'show', name)) as { addr_info: unknown[] }[])[0].addr_info, [])
  await sleep(4000)
  child.kill('SIGINT')
  await closed
  const { captured } = await one.end()
  assert.is(captured, 0)
}, { needs: ['mount_namespace'] })

test('its readers are not in the capture, nor those behind them, unless asked', async () => {
  const polls = async (args: readonly string[]) => {
    const name = newName()
    // What makes tcpdump call poll(), beside itself.
    const ticking = spawn('bash', ['-c', 'while :; do read -t 0.02 < <(:); cat /etc/hostname > /dev/null; done'], { stdio: 'ignore', detached: true })
    const raised = await up(name, ['--syscalls', 'poll,openat,write', ...args])
    const piped = spawn('bash', ['-c', `tcpdump -i ${name} -n -w - 2> /dev/null | cat > /dev/null`], { stdio: 'ignore' })
    const one = await reader(name)
    try {
      await sleep(2500)
      const last = await reader(name)
      await sleep(2500)
      const { readers } = raised.last().tap
      await last.end('SIGINT')
      let own = 0
      for await (const burst of await openFile(last.path)) for (const ev of burst) if (ev.tid === one.pid) own++
      assert.ok((await records(last.path)).length > 0)
      return { own, readers, one, cat: childOf(piped.pid!, 'cat') }
    } finally {
      process.kill(-ticking.pid!, 'SIGKILL')
      await raised.end('SIGINT')
      await one.end()
    }
  }
  const quiet = await polls([])
  assert.is(quiet.own, 0)
  assert.ok(quiet.readers.some(({ pid, comm, socket }) => pid === quiet.one.pid && comm === 'tcpdump' && socket), JSON.stringify(quiet.readers))
  assert.ok(quiet.readers.some(({ pid, comm, socket }) => pid === quiet.cat && comm === 'cat' && !socket), JSON.stringify(quiet.readers))
  assert.ok(!quiet.readers.some(({ pid }) => pid === process.pid), 'this process reads nothing but errors')
  assert.ok((await polls(['--readers'])).own > 0)
})

/** The child of that name, or a child of a child. */
function childOf(pid: number, comm: string): number | undefined {
  for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(text => text !== '').map(Number)) {
    if (readFileSync(`/proc/${child}/comm`, 'utf8').trim() === comm) return child
  }
  return undefined
}

test('tshark, which leaves the reading to dumpcap, is found', async () => {
  const name = newName()
  const raised = await up(name, ['--syscalls', 'getppid'])
  const shark = spawn('tshark', ['-i', name, '-n'], { stdio: 'ignore' })
  try {
    let readers: Counts['tap']['readers'] = []
    for (let i = 0; i < 150 && !readers.some(({ pid }) => pid === shark.pid); i++) {
      await sleep(100)
      try { ({ readers } = raised.last().tap) } catch { /* no whole line yet */ }
    }
    assert.ok(readers.some(({ comm, socket }) => comm === 'dumpcap' && socket), JSON.stringify(readers))
    assert.ok(readers.some(({ pid, socket }) => pid === shark.pid && !socket), JSON.stringify(readers))
  } finally {
    await raised.end('SIGINT')
  }
}, { needs: ['tshark'] })

test('what cannot be: codes and hints', async () => {
  const name = newName()
  const raised = await up(name, ['--syscalls', 'getppid'])
  const taken = await sysring(['up', '--name', name])
  assert.is(taken.code, 1)
  assert.match(taken.stderr, new RegExp(`ERR_CAPTURE_BUSY: .*${name} already, made by process ${raised.pid} \\(node\\)\nhint: .*kill ${raised.pid}`))
  await raised.end('SIGTERM')
  assert.match((await sysring(['up', '--name', 'lo'])).stderr, /ERR_CAPTURE_BUSY: .*\nhint: take another name\n/)

  const left = newName()
  ip('tuntap', 'add', 'dev', left, 'mode', 'tap')
  try {
    assert.match((await sysring(['up', '--name', left])).stderr, new RegExp(`ERR_CAPTURE_BUSY: .*\nhint: .*ip link del ${left}\n`))
  } finally {
    ip('link', 'del', left)
  }
  for (const bad of ['', 'sixteen-bytes-xx', 'a/b', 'a b', '..', 'tap%d', 'a:b']) {
    const { code, stderr } = await sysring(['up', '--name', bad])
    assert.is(code, 2, `${bad}: ${stderr}`)
    assert.match(stderr, /ERR_CAPTURE_OPTION/)
  }
  assert.match((await powerless(['up', '--name', newName()])).stderr, /ERR_CAPTURE_PERM: .*\nhint: become root/)
  for (const args of [['--at-once'], ['-i', 'nic:lo', '--name', 'lo'], ['-i', 'lo', '--name', 'lo']]) assert.is((await sysring(['up', ...args])).code, 2, args.join(' '))
})

test('without /dev/net/tun: what to do about it', async () => {
  const { code, stderr } = await run('unshare', ['-m', 'bash', '-c', `mount -t tmpfs none /dev/net && exec ${SYSRING.join(' ')} up --name ${newName()}`])
  assert.is(code, 1)
  assert.match(stderr, /ERR_CAPTURE_NO_DEVICE: \/dev\/net\/tun: .*\nhint: modprobe tun/)
}, { needs: ['mount_namespace'] })

test('set down and up again, and removed, under way', async () => {
  const name = newName()
  using tap = openTap(name)
  const write = async () => { for await (const burst of await openFile(TRACE)) tap.write(burst) }
  await write()
  ip('link', 'set', name, 'down')
  await write()
  ip('link', 'set', name, 'up')
  await write()
  const { written, notWritten } = tap.stats()
  assert.equal([written, notWritten.down, notWritten.total], [2 * TRACE_EVENTS, TRACE_EVENTS, TRACE_EVENTS])

  ip('link', 'del', name)
  let failure: CaptureError | undefined
  await write().catch(error => { failure = error as CaptureError })
  assert.is(failure?.code, 'ERR_CAPTURE_NO_DEVICE')
  const stats = tap.stats()
  assert.is(stats.written, written)
  assert.ok(stats.notWritten.down > TRACE_EVENTS, JSON.stringify(stats))

  const other = newName()
  const raised = await up(other, ['--syscalls', 'openat'])
  ip('link', 'del', other)
  await run('cat', ['/etc/hostname'])
  const { code, stderr } = await raised.end()
  assert.is(code, 1)
  assert.match(stderr, /ERR_CAPTURE_NO_DEVICE: .* was removed/)
})

test('long records are cut, packets stay what they were', async () => {
  const name = newName()
  using tap = openTap(name)
  const one = await reader(name)
  const data = Buffer.alloc(65_498, 'x')
  const long = record({ type: 'PPME_SYSCALL_READ_X', ts: 5n, tid: 7, params: [data.length, data] })
  const packet = Buffer.from(`020000000002020000000001${'9001'.padEnd(96, '7')}`, 'hex')
  assert.is(long.length, 65_536)
  const source = synthetic([{ bytes: long, cpu: 3 }, { ts: 6n, packet }, { ts: 7n, packet, linktype: 101 }, { ts: 8n, packet: packet.subarray(0, 9) }])
  for await (const burst of source) tap.write(burst)
  const { written, bytes, cut, notWritten } = tap.stats()
  assert.equal({ written, bytes, cut, notWritten }, {
    written: 2, bytes: 65_535 + packet.length, cut: 1, notWritten: { total: 2, too_short: 1, no_buffer: 0, down: 0, other: 0, link_type: 1 },
  })
  await sleep(1500)
  await one.end('SIGINT')
  const seen = await all(await openFile(one.path))
  assert.equal(seen.map(({ len }) => len), [65_535, packet.length])
  assert.is(seen[1].data, packet.toString('hex'))
  assert.is(seen[0].data.slice(36), Buffer.from(long.subarray(0, 65_517)).toString('hex'))
  tap.close()
  assert.throws(() => tap.write([]), /is closed/)
  assert.is(tap.stats().written, 2)
})

test('--filters: tcpdump takes every expression, and it selects exactly those frames', async () => {
  const path = file('frames.pcap')
  assert.is((await sysring(['dump', '-r', TRACE, '-w', path, '-q'])).code, 0)
  const shown: { name: string; dir: string; tid: number; cpu: number }[] = []
  for await (const burst of await openFile(TRACE)) for (const { name, dir, tid, cpu } of burst) shown.push({ name, dir, tid, cpu })
  const selected = async (expression: string) => {
    const { code, bytes, stderr } = await run('tcpdump', ['-r', path, '-n', '-w', '-', expression])
    assert.is(code, 0, `${expression}: ${stderr}`)
    let count = 0
    for await (const burst of await openFile(Readable.from([bytes]))) for (const _ of burst) count++
    return count
  }
  const names = [...new Set(shown.map(({ name }) => name))].filter(name => !name.startsWith('<'))
  assert.ok(names.length > 30, `${names.length}`)
  for (const name of names) assert.is(await selected(frameExpression({ names: [name] })), shown.filter(each => each.name === name).length, name)
  const { tid, cpu } = shown[100]
  assert.is(await selected(frameExpression({ tid })), shown.filter(each => each.tid === tid).length)
  assert.is(await selected(frameExpression({ cpu })), shown.filter(each => each.cpu === cpu).length)
  for (const dir of ['enter', 'exit'] as const) assert.is(await selected(frameExpression({ dir })), shown.filter(each => each.dir === dir).length)

  const printed = await sysring(['up', '--filters', 'openat', 'close', 'dir=exit', `tid=${tid}`, `cpu=${cpu}`])
  const wanted = shown.filter(each => ['openat', 'close'].includes(each.name) && each.dir === 'exit' && each.tid === tid && each.cpu === cpu)
  assert.is(await selected(printed.stdout.trim()), wanted.length)
  assert.is(await selected(frameExpression({ names: ['getcpu', 'openat'] })), shown.filter(({ name }) => ['getcpu', 'openat'].includes(name)).length)

  const { fields, expressions, events } = JSON.parse((await sysring(['up', '--filters', '--json'])).stdout) as { fields: unknown[]; expressions: Record<string, string>; events: Record<string, string> }
  assert.is(fields.length, 11)
  assert.equal(Object.keys(events), frameNames())
  for (const expression of [...Object.values(expressions), ...Object.values(events)]) execFileSync('tcpdump', ['-r', path, '-d', expression], { stdio: ['ignore', 'ignore', 'ignore'] })
  const text = (await sysring(['up', '--filters'])).stdout
  for (const name of frameNames()) assert.ok(text.includes(`\n  ${name} `), name)
  assert.is((await sysring(['up', '--filters', 'no_such_call'])).code, 2)
  assert.is((await sysring(['up', '--filters', 'dir=up'])).code, 2)
})

test('a filter of tcpdump on the interface', async () => {
  const name = newName()
  const raised = await up(name, ['-r', TRACE])
  const one = await reader(name, [frameExpression({ names: ['openat', 'close'], dir: 'exit' })])
  await raised.end()
  await one.end()
  assert.equal(await records(one.path), await records(TRACE, ev => ev.is('openat', 'exit') || ev.is('close', 'exit')))
})
