// timeout: 240
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { type Capture, type CaptureError, merge, type NicOptions, open, openFile, openSender, type Stats, type StreamStats } from '../../lib/index.js'
import type { Event } from '../../lib/event/event.js'
import { FRAME_SEQUENCE, FRAME_SUMMARY } from '../../lib/export/framing.js'
import { busy } from '../helpers/busy.js'
import { synthetic } from '../helpers/capture.js'
import { folder } from '../helpers/folder.js'
import { delivery, Model, random } from '../helpers/numbers.js'
import { ip, pair, switched, type Switched, tcpdump } from '../helpers/network.js'
import { run, SYSRING, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../helpers/trace.js'

const test = suite('egress', { needs: ['root', 'net_raw', 'ip', 'tc'], timeoutMs: 60_000 })
const { file } = folder()
busy(test)

let net: Switched
test.before(() => { net = switched() })
test.after(() => net.remove())

/** A program of classic BPF for tc: `value` for one frame in `every` (of those that carry events only, where `events`), `otherwise` for the rest. */
function oneIn(every: number, value: number, otherwise: number, { events = true } = {}): string {
  const threshold = every === 1 ? 0xffffffff : Math.floor(2 ** 32 / every)
  // ldb [15]; jset #SUMMARY, otherwise; ld rand; jge #threshold, otherwise; ret #value; ret #otherwise
  const ofEvents = events ? [`48 0 0 15`, `69 3 0 ${FRAME_SUMMARY}`] : []
  const program = [...ofEvents, '32 0 0 4294963256', `53 1 0 ${threshold}`, `6 0 0 ${value}`, `6 0 0 ${otherwise}`]
  return `${program.length},${program.join(',')}`
}
const SHOT = 2
const PASS = 4294967295

/** Drops one frame in so many at the switch while `work` runs; returns how many frames the kernel says it were. */
async function losing(every: number, work: () => Promise<unknown>, options?: { events: boolean }): Promise<number> {
  const before = net.drops()
  net.tc('filter add dev port0 ingress bpf da bytecode', oneIn(every, SHOT, PASS, options))
  try {
    await work()
  } finally {
    net.tc('filter del dev port0 ingress')
  }
  return net.drops() - before
}

const textOf = (ev: Event) => `${ev.ts} ${ev.cpu} ${ev.flags} ${ev.record.toString('hex')}`

async function texts(capture: Capture): Promise<string[]> {
  const found: string[] = []
  for await (const burst of capture) for (const ev of burst) found.push(textOf(ev))
  return found
}

/** What arrives at the collector while `work` runs. */
async function arriving(options: NicOptions, work: (capture: Capture) => Promise<unknown>): Promise<{ events: string[]; stats: Stats }> {
  const capture = await open(net.to, { decap: true, ...options })
  const events = texts(capture)
  await work(capture)
  capture.stop()
  const found = await events
  const stats = capture.stats()
  check(stats, found.length)
  return { events: found, stats }
}

function check({ seen, delivered, dropped: { total, ...causes }, filtered, pending }: Stats, count: number): void {
  assert.is(delivered, count)
  assert.is(pending, 0)
  assert.is(total, Object.values(causes).reduce((sum, lost) => sum + lost, 0))
  assert.is(seen, delivered + total + filtered)
}

/** Sends a recording, and says how many events were sent. */
async function sendTrace(options: { maxEvents?: number; sender?: ReturnType<typeof openSender> } = {}): Promise<number> {
  const { maxEvents, sender = openSender(net.from) } = options
  for await (const burst of await openFile(TRACE, { ...maxEvents !== undefined && { maxEvents } })) await sender.send(burst)
  if (options.sender === undefined) sender.close()
  return sender.stats().sent
}

const only = (streams: readonly StreamStats[] | undefined): Omit<StreamStats, 'stream'> => {
  assert.is(streams?.length, 1)
  const { stream: _, ...counts } = streams![0]
  return counts
}

test('live: bounced out of one namespace and read in another, equal record by record', async () => {
  const wire = pair()
  try {
    for (const args of [[], ['-n', wire.namespace]]) ip(...args, 'link', 'set', args.length === 0 ? wire.near : wire.far, 'mtu', '65535')
    const path = file('arrived.scap')
    const collector = spawn('nsenter', [`--net=/run/netns/${wire.namespace}`, ...SYSRING, 'dump', '-i', wire.far, '--decap', '-w', path, '--json'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    collector.stderr.on('data', (chunk: Buffer) => { said += chunk })
    const ended = once(collector, 'close')
    await listening(wire.far, wire.namespace)
    const source = await open('sysdig', { maxEvents: 3000, maxDurationMs: 20_000, pids: { deny: [collector.pid!] } })
    const sender = openSender(wire.near)
    const original: string[] = []
    // A burst can be walked once: what is sent is kept on the way.
    const kept = function* (burst: Iterable<Event>) {
      for (const ev of burst) {
        original.push(textOf(ev))
        yield ev
      }
    }
    for await (const burst of source) await sender.send(kept(burst))
    sender.close()
    assert.ok(original.length > 100)
    assert.equal(sender.stats().notSent.total, 0)
    assert.is(sender.stats().sent, original.length)
    await sleep(500)
    collector.kill('SIGINT')
    assert.equal(await ended, [0, null], said)
    const { seen, delivered, dropped, streams } = JSON.parse(said.trim().split('\n').at(-1)!) as Stats
    assert.equal(dropped, { total: 0, buffer: 0, network: 0, sender: 0, duplicate: 0 })
    assert.equal([seen, delivered], [original.length, original.length])
    assert.is(streams![0].stream, sender.stream)
    assert.equal(await texts(await openFile(path)), original)
  } finally {
    wire.remove()
  }
}, { needs: ['bpf', 'btf'] })

/** Waits until somebody captures from that interface. */
async function listening(device: string, namespace?: string): Promise<void> {
  const [{ ifindex }] = JSON.parse(ip(...namespace === undefined ? [] : ['-n', namespace], '-j', 'link', 'show', device)) as { ifindex: number }[]
  const inside = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`]
  for (let tries = 0; tries < 200; tries++) {
    const [command, ...args] = [...inside, 'cat', '/proc/thread-self/net/packet']
    const { stdout } = await run(command, args)
    // sk RefCnt Type Proto Iface R Rmem User Inode; R: it is running.
    if (stdout.split('\n').some(line => { const fields = line.trim().split(/\s+/); return fields[4] === String(ifindex) && fields[5] === '1' })) return
    await sleep(50)
  }
  throw new Error(`nobody captures from ${device}`)
}

test('through a switch that learns addresses, all of it arrives', async () => {
  const original = await texts(await openFile(TRACE))
  const { events, stats } = await arriving({}, () => sendTrace())
  assert.equal(events, original)
  assert.equal(stats.dropped, { total: 0, buffer: 0, network: 0, sender: 0, duplicate: 0 })
  assert.equal(only(stats.streams), { received: TRACE_EVENTS, missing: 0, reordered: 0, duplicates: 0, notSent: 0 })
})

test('1 % of the events dropped by the kernel in between: the same number is reported', async () => {
  for (let round = 0; round < 3; round++) {
    let dropped = 0
    const { events, stats } = await arriving({}, async () => { dropped = await losing(100, () => sendTrace()) })
    assert.ok(dropped > 50, `${dropped} of ${TRACE_EVENTS}`)
    assert.is(stats.dropped.network, dropped)
    assert.equal(stats.dropped, { total: dropped, buffer: 0, network: dropped, sender: 0, duplicate: 0 })
    assert.is(stats.seen, TRACE_EVENTS)
    assert.is(events.length, TRACE_EVENTS - dropped)
  }
})

test('1 % of all frames, those that tell of numbers too', async () => {
  for (let round = 0; round < 3; round++) {
    let dropped = 0
    const { events, stats } = await arriving({}, async () => { dropped = await losing(100, () => sendTrace(), { events: false }) })
    assert.ok(dropped > 50)
    // Six of the frames, or some more, are no events.
    assert.ok(stats.dropped.network <= dropped && stats.dropped.network >= dropped - 20)
    assert.is(events.length + stats.dropped.network, TRACE_EVENTS)
    assert.is(stats.seen, TRACE_EVENTS)
  }
})

test('all that comes last is lost: the sender tells, at its end and each second before', async () => {
  const sender = openSender(net.from)
  const { stats } = await arriving({}, async capture => {
    await sendTrace({ sender, maxEvents: 1000 })
    let dropped = await losing(1, () => sendTrace({ sender, maxEvents: 500 }))
    assert.is(dropped, 500)
    // Nothing more is sent, and the sender stays open.
    for (let tries = 0; tries < 100 && capture.stats().dropped.network < 500; tries++) await sleep(50)
    assert.is(capture.stats().dropped.network, 500)
    dropped = await losing(1, async () => {
      await sendTrace({ sender, maxEvents: 200 })
      sender.close()
    })
    assert.is(dropped, 200)
  })
  assert.equal([stats.delivered, stats.dropped.network], [1000, 700])
})

test('frames that the network doubles are left out, and counted', async () => {
  net.tc('filter add dev port0 ingress bpf bytecode', oneIn(20, PASS, 0), 'action', 'mirred', 'egress', 'mirror', 'dev', 'port1')
  try {
    const original = await texts(await openFile(TRACE))
    const { events, stats } = await arriving({}, () => sendTrace())
    const [{ options: { actions: [{ stats: { packets } }] } }] = (JSON.parse(net.tc('-s -j filter show dev port0 ingress')) as { options?: { actions?: { stats: { packets: number } }[] } }[])
      .filter(({ options }) => options?.actions !== undefined) as [{ options: { actions: [{ stats: { packets: number } }] } }]
    assert.ok(packets > 500)
    assert.equal(stats.dropped, { total: packets, buffer: 0, network: 0, sender: 0, duplicate: packets })
    assert.equal([...events].sort(), [...original].sort())
    assert.is(stats.seen, TRACE_EVENTS + packets)
  } finally {
    net.tc('filter del dev port0 ingress')
  }
})

/** The frames that a sender sends, as they are. */
async function framesOf(sends: () => Promise<unknown>): Promise<Buffer[]> {
  const capture = await open(net.to)
  const frames: Buffer[] = []
  const read = (async () => {
    for await (const burst of capture) for (const { packet } of burst) frames.push(Buffer.from(packet!.bytes.copy()))
  })()
  await sends()
  capture.stop()
  await read
  return frames.filter(frame => frame.readUInt16BE(12) === 0x88b5 && (frame[15] & FRAME_SEQUENCE) !== 0)
}

test('lost, doubled and overtaken in any mixture, as a plain model counts it', async () => {
  const frames = await framesOf(() => sendTrace({ maxEvents: 5000 }))
  assert.is(frames.length, 5000)
  const original = await texts(await openFile(TRACE, { maxEvents: 5000 }))
  for (let seed = 1; seed <= 5; seed++) {
    const numbers = delivery(random(seed), 0, 5000, 200).filter(number => number < 5000)
    const model = new Model(numbers[0])
    const expected = numbers.filter(number => model.see(number)).map(number => original[number])
    const { events, stats } = await arriving({}, async () => {
      // Packets go out as they are, with the numbers that they have.
      using sender = openSender(net.from)
      for await (const burst of synthetic(numbers.map(number => ({ ts: 1n, packet: frames[number] })))) await sender.send(burst)
      assert.is(sender.stats().sent, numbers.length)
    })
    assert.equal(events, expected, `seed ${seed}`)
    assert.equal(only(stats.streams), { received: model.arrived.size, missing: model.missing, reordered: model.reordered, duplicates: model.duplicates, notSent: 0 })
    assert.equal([stats.dropped.network, stats.dropped.duplicate], [model.missing, model.duplicates])
    assert.ok(stats.late >= model.reordered)
  }
})

test('two senders at once, and one that begins again, each with its own loss', async () => {
  const senders = [openSender(net.from), openSender(net.from)]
  let dropped = 0
  const { stats } = await arriving({}, async () => {
    dropped = await losing(50, async () => {
      for (let round = 0; round < 5; round++) for (const sender of senders) await sendTrace({ sender, maxEvents: 1000 })
      senders[0].close()
      senders.push(openSender(net.from))
      await sendTrace({ sender: senders[2], maxEvents: 3000 })
      for (const sender of senders) sender.close()
    })
  })
  assert.is(stats.dropped.network, dropped)
  assert.is(stats.streams!.length, 3)
  for (const { stream, received, missing } of stats.streams!) assert.is(received + missing, senders.find(sender => sender.stream === stream)!.stats().sent)
  assert.is(stats.streams!.reduce((sum, { missing }) => sum + missing, 0), dropped)
})

test('a collector that comes late counts from there', async () => {
  const sender = openSender(net.from)
  await sendTrace({ sender, maxEvents: 5000 })
  const { stats } = await arriving({}, async () => {
    await sendTrace({ sender, maxEvents: 2000 })
    sender.close()
  })
  assert.equal([stats.seen, stats.delivered, stats.dropped.total], [2000, 2000, 0])
})

/** Lets only short frames out while `work` runs. */
async function narrow(work: () => Promise<unknown>): Promise<void> {
  ip('link', 'set', net.from, 'mtu', '128')
  try {
    await work()
  } finally {
    ip('link', 'set', net.from, 'mtu', '65535')
    // With an MTU that it can use IPv6 comes back, and would talk.
    await run('sysctl', ['-qw', `net.ipv6.conf.${net.from}.disable_ipv6=1`])
  }
}

test('what the sender could not send is told by both', async () => {
  await narrow(async () => {
    const sender = openSender(net.from)
    const { stats } = await arriving({}, async () => {
      await sendTrace({ sender })
      sender.close()
    })
    const { sent, notSent } = sender.stats()
    assert.ok(notSent.too_long > 100)
    assert.is(notSent.total, notSent.too_long)
    assert.equal(stats.dropped, { total: notSent.total, buffer: 0, network: 0, sender: notSent.total, duplicate: 0 })
    assert.equal([stats.delivered, stats.seen], [sent, TRACE_EVENTS])
  })
})

test("what the collector's own ring had no room for is not the network's", async () => {
  const capture = await open(net.to, { decap: true, ringBytes: 1 << 20 })
  await sendTrace()
  capture.stop()
  const events = await texts(capture)
  const stats = capture.stats()
  check(stats, events.length)
  assert.ok(stats.dropped.buffer > 1000)
  // The summaries at the end found no room either: what was lost behind the last frame that was read, the ring alone can tell.
  assert.is(stats.dropped.network, 0)
  const summaries = TRACE_EVENTS - stats.seen
  assert.ok(Math.abs(summaries) <= 10, `${stats.seen}`)
})

test('with bpf, which chooses among the frames, no loss is made up', async () => {
  const { stats } = await arriving({ bpf: 'ether src 02:73:79:73:00:01' }, () => sendTrace())
  let enters = 0
  for await (const burst of await openFile(TRACE)) for (const { dir } of burst) if (dir === 'enter') enters++
  assert.equal([stats.delivered, stats.dropped.total], [enters, 0])
})

test('addressed to one station', async () => {
  const judge = await tcpdump(net.to, ['ether', 'dst', '02:00:5e:10:00:01', 'and', 'ether', 'proto', '0x88b5'])
  const sender = openSender(net.from, { destination: '02:00:5e:10:00:01' })
  await sendTrace({ sender, maxEvents: 300 })
  sender.close()
  assert.is((await judge.packets()).length, 300)
  for (const destination of ['', 'eth0', '02:00:5e:10:00', '02:00:5e:10:00:01:02', '0x00:5e:10:00:01']) {
    assert.throws(() => openSender(net.from, { destination }), (error: CaptureError) => error.code === 'ERR_CAPTURE_OPTION')
  }
}, { needs: ['tcpdump'] })

test('a file of the frames tells the same', async () => {
  const judge = await tcpdump(net.to, ['ether', 'proto', '0x88b5'])
  const { events, stats } = await arriving({}, () => losing(100, () => sendTrace()))
  const packets = await judge.packets()
  assert.is(packets.length, events.length)
  const capture = await openFile(judge.path)
  assert.equal(await texts(capture), events)
  const { network } = capture.stats().dropped
  assert.is(network, stats.dropped.network)
  assert.is(capture.stats().seen, TRACE_EVENTS)
}, { needs: ['tcpdump'] })

test('merged: counts of all sources, and every event', async () => {
  const merged = merge([await open(net.to, { decap: true }), await open('lo')])
  const events = texts(merged)
  const dropped = await losing(100, () => sendTrace())
  merged.stop()
  const found = await events
  const stats = merged.stats()
  check(stats, found.length)
  assert.is(stats.dropped.network, dropped)
})

test('a sysdig interface again: a filter with state, of what began while it was read', async () => {
  const capture = await open(net.to, { decap: true, filter: 'proc.name = cat and fd.name = /etc/hostname' })
  const names: string[] = []
  const read = (async () => {
    for await (const burst of capture) for (const ev of burst) names.push(`${ev.thread!.comm} ${ev.fd?.name} ${ev.name}`)
  })()
  const sender = openSender(net.from)
  for await (const burst of await open('sysdig', { maxDurationMs: 1500 })) await sender.send(burst)
  sender.close()
  capture.stop()
  await read
  const stats = capture.stats()
  assert.is(stats.seen, stats.delivered + stats.dropped.total + stats.filtered + stats.pending)
  assert.is(stats.delivered, names.length)
  assert.ok(names.length > 20, `${names.length}`)
  assert.ok(names.includes('cat /etc/hostname read'))
  assert.ok(names.every(name => name.startsWith('cat /etc/hostname ')))
  assert.equal([stats.dropped.network, stats.dropped.sender, sender.stats().notSent.total], [0, 0, 0])
}, { needs: ['bpf', 'btf'] })

test('frames made to harm: all is counted, nothing falls over', async () => {
  const next = random(11)
  const [whole] = await framesOf(() => sendTrace({ maxEvents: 1 }))
  const frames: Buffer[] = []
  // Records from before 2018, of each type, whose lengths are wrong in the ways that files have been.
  for (let type = 0; type < 420; type++) for (const extra of [0, 3, 4]) {
    const frame = Buffer.alloc(64)
    whole.copy(frame, 0, 0, 14)
    frame.set([1, 0x80, 0, 0], 14)
    frame.writeUInt32LE(22 + extra + (type % 20), 18 + 16)
    frame.writeUInt16LE(type, 18 + 20)
    frames.push(frame)
  }
  for (let i = 0; i < 5000; i++) {
    const frame = Buffer.from(whole.subarray(0, 40 + next() * (whole.length - 40)))
    for (let flips = 1 + next() * 6; flips > 0; flips--) frame[14 + next() * (frame.length - 14) | 0] = next() * 256
    frames.push(frame)
  }
  const capture = await open(net.to, { decap: true })
  const read = (async () => {
    let count = 0
    for await (const burst of capture) for (const ev of burst) {
      count++
      ev.record.copy()
      for (let i = 0; i < ev.nparams && ev.packet === undefined; i++) ev.param(i)!.copy()
    }
    return count
  })()
  using sender = openSender(net.from)
  for await (const burst of synthetic(frames.map(packet => ({ ts: 1n, packet })))) await sender.send(burst)
  capture.stop()
  const count = await read
  check(capture.stats(), count)
  assert.is(sender.stats().sent, frames.length)
})

test('the command: what is too long is counted, with a hint; footers and JSON tell of the network', async () => {
  await narrow(async () => {
    const { code, stdout, stderr } = await sysring(['bounce', '-r', TRACE, '-o', net.from, '-q'])
    assert.is(code, 0, stderr)
    assert.match(stdout, /\d+ not sent \([\d.]+ %\): too_long \d+\nhint: .*ip link set \S+ mtu/)
  })
  const text = spawn(SYSRING[0], [...SYSRING.slice(1), 'dump', '-i', net.to, '--decap', '-w', '/dev/null'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  text.stderr.on('data', (chunk: Buffer) => { said += chunk })
  const ended = once(text, 'close')
  await listening(net.to)
  const dropped = await losing(100, () => sendTrace())
  await sleep(300)
  text.kill('SIGINT')
  assert.equal(await ended, [0, null])
  assert.match(said, new RegExp(`^${TRACE_EVENTS - dropped} events in .*\n${dropped} dropped \\([01]\\.\\d %\\): network ${dropped}\n`), said)
})
