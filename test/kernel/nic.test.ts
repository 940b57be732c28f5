// timeout: 240
import { setTimeout as sleep } from 'node:timers/promises'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type CaptureError, type NicOptions, open, openFile, openSender } from '../../lib/index.js'
import { synthetic } from '../helpers/capture.js'
import { all, ip, link, type Pair, pair, seen, type SeenPacket, tcpdump } from '../helpers/network.js'
import { compile } from '../helpers/program.js'
import { run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../helpers/trace.js'
import { FRAMES } from './frames.js'

const test = suite('network interfaces', { needs: ['root', 'net_raw', 'ip', 'tcpdump', 'cc'], timeoutMs: 60_000 })

let packets = ''
let net: Pair
test.before(() => {
  packets = compile('packets', 'bench/programs')
  net = pair()
})
test.after(() => net.remove())

/** Sends that many from the far end, and says how many the program sent. */
async function send(bytes: number, count: number, rate = 0, to = net): Promise<number> {
  const { code, stdout, stderr } = await run('ip', ['netns', 'exec', to.namespace, packets, to.far, String(bytes), String(count), String(rate)], { input: '\n' })
  assert.is(code, 0, stderr)
  return (JSON.parse(stdout.split('\n')[1]) as { sent: number }).sent
}

/** The program numbers its packets behind the headers. */
const numberOf = ({ data }: SeenPacket): number => Number.parseInt(data.slice(84, 92), 16)

/** What came while `work` ran. */
async function captured(options: NicOptions, work: () => Promise<unknown>, device = net.near) {
  const capture = await open(device, options)
  const packets = all(capture)
  await work()
  capture.stop()
  return { packets: await packets, stats: capture.stats() }
}

test('sent = tcpdump = ours, with the same bytes and the same nanoseconds', async () => {
  const judge = await tcpdump(net.near)
  let sent = 0
  const { packets, stats } = await captured({}, async () => { sent = await send(128, 20_000, 100_000) })
  const theirs = await judge.packets()
  assert.is(sent, 20_000)
  assert.is(packets.length, sent)
  assert.is(theirs.length, sent)
  assert.equal(packets.map(numberOf), Array.from({ length: sent }, (_, i) => i))
  assert.equal(packets.map(({ data, len }) => [data, len]), theirs.map(({ data, len }) => [data, len]))
  // The stack stamps a packet once, for all who listen.
  assert.equal(packets.map(({ ts }) => ts), theirs.map(({ ts }) => ts))
  assert.equal(stats, { seen: sent, delivered: sent, dropped: { total: 0, buffer: 0 }, filtered: 0, pending: 0, late: 0, perCpu: [] })
})

test('nobody reads: sent = seen = delivered + dropped', async () => {
  const before = link(net.near).stats64.rx.packets
  const capture = await open(net.near, { ringBytes: 1 << 20 })
  const sent = await send(128, 50_000)
  assert.is(link(net.near).stats64.rx.packets - before, sent)
  const { pending } = capture.stats()
  const reading = all(capture)
  capture.stop()
  const packets = await reading
  const stats = capture.stats()
  assert.is(stats.seen, sent)
  assert.is(packets.length, stats.delivered)
  assert.is(stats.delivered, pending)
  assert.is(stats.delivered + stats.dropped.total, sent)
  assert.is(stats.pending, 0)
  assert.ok(stats.dropped.buffer > 1000 && stats.delivered > 1000, JSON.stringify(stats))
  assert.equal(packets.map(numberOf), packets.map((_, i) => i), 'what is dropped is the newest')
})

test('at full speed, the reader behind: the sums hold, burst.lost tells the drops', async () => {
  const capture = await open(net.near, { ringBytes: 1 << 20 })
  const sending = send(128, 300_000).finally(() => capture.stop())
  let walked = 0
  let lost = 0
  let last = -1
  for await (const burst of capture) {
    lost += burst.lost.total
    for (const ev of burst) {
      walked++
      const number = numberOf(seen(ev))
      assert.ok(number > last, `${number} after ${last}`)
      last = number
    }
    await sleep(1)
  }
  const { seen: all, delivered, dropped, pending } = capture.stats()
  assert.is(all, await sending)
  assert.is(delivered, walked)
  assert.is(delivered + dropped.total + pending, all)
  assert.ok(lost <= dropped.total)
})

test('snaplen: as much is kept, the length on the wire is told', async () => {
  for (const snaplen of [1, 14, 60, 127, 128, 500]) {
    const { packets } = await captured({ snaplen }, () => send(128, 10))
    assert.equal(packets.map(({ len, data }) => [len, data.length / 2]), Array.from({ length: 10 }, () => [128, Math.min(snaplen, 128)]), `${snaplen}`)
    const filtered = await captured({ snaplen, bpf: 'udp' }, () => send(128, 10))
    assert.equal(filtered.packets.map(({ len, data }) => [len, data.length / 2]), Array.from({ length: 10 }, () => [128, Math.min(snaplen, 128)]), `${snaplen} with a filter`)
  }
})

/** What tcpdump's language can ask, over all frames of frames.ts. */
const EXPRESSIONS = [
  'ip', 'ip6', 'arp', 'tcp', 'udp', 'icmp', 'not ip', 'tcp port 80', 'udp dst port 53', 'host 198.18.77.1', 'src net 198.18.0.0/16', 'dst host 2001:db8::2',
  'portrange 50-90', 'ether host 02:00:00:00:00:01', 'ether broadcast', 'ether proto 0x88b5', 'less 60', 'greater 100',
  'tcp[tcpflags] & tcp-syn != 0', 'ip[8] < 5', 'len > 64 and (udp or tcp)', 'vlan', 'vlan 5', 'vlan 5 and udp', 'not vlan', 'inbound', 'outbound',
]

test(`filters: the same packets as tcpdump with the same expression (${EXPRESSIONS.length})`, async () => {
  const frames = compile('frames')
  const input = FRAMES.map(frame => `${Buffer.from(frame).toString('hex')}\n`).join('')
  const ways = [['ip', 'netns', 'exec', net.namespace, frames, net.far], [frames, net.near]]
  // libpcap filters what may have come before its filter by itself, and the first packet after it too: for that it knows no direction.
  const first = `020000000002020000000001${'9001'.padEnd(96, '0')}`
  const kept = new Set<number>()
  // Some at a time: each has the rings of two captures.
  for (let i = 0; i < EXPRESSIONS.length; i += 9) {
    const some = EXPRESSIONS.slice(i, i + 9)
    const judges = await Promise.all(some.map(bpf => tcpdump(net.near, [bpf])))
    for (const [command, ...args] of ways) await run(command, args, { input: `${first}\n` })
    const captures = await Promise.all(some.map(bpf => open(net.near, { bpf, ringBytes: 1 << 20 })))
    const ours = captures.map(all)
    for (const [command, ...args] of ways) {
      const { code, stderr } = await run(command, args, { input })
      assert.is(code, 0, stderr)
    }
    for (const capture of captures) capture.stop()
    for (const [j, bpf] of some.entries()) {
      const [own, theirs] = [await ours[j], await judges[j].packets()]
      assert.equal(own, theirs.filter(({ data }) => data !== first), bpf)
      kept.add(own.length)
    }
  }
  assert.ok(kept.size > 5, 'the expressions are to differ')
})

test('a filter that cannot be: its code, libpcap\'s words, a hint', async () => {
  for (const [bpf, words] of [['tcp port', /syntax error/], ['host no.such.host.invalid', /unknown host/i], ['ip[70000000000] = 1', /./]] as const) {
    try {
      await open(net.near, { bpf })
      assert.unreachable(bpf)
    } catch (error) {
      const { code, message, hint } = error as CaptureError
      assert.is(code, 'ERR_CAPTURE_FILTER', message)
      assert.match(message, words)
      assert.match(hint, 'tcpdump')
    }
  }
})

for (const mode of ['lb', 'hash', 'cpu'] as const) {
  test(`fanout, ${mode}: two captures have each packet once`, async () => {
    const fanout = { group: process.pid & 0xffff, mode }
    const captures = [await open(net.near, { fanout }), await open(net.near, { fanout })]
    const reading = captures.map(all)
    const sent = await send(128, 10_000, 100_000)
    for (const capture of captures) capture.stop()
    const parts = await Promise.all(reading)
    assert.equal(parts.flat().map(numberOf).sort((a, b) => a - b), Array.from({ length: sent }, (_, i) => i))
    if (mode !== 'cpu') for (const part of parts) assert.ok(part.length > sent / 10, `${part.length} of ${sent}`)
    // A flow is a source port here.
    const flows = parts.map(part => new Set(part.map(({ data }) => data.slice(68, 72))))
    if (mode === 'hash') assert.ok([...flows[0]].every(flow => !flows[1].has(flow)))
    for (const capture of captures) assert.is(capture.stats().pending, 0)
  })
}

test('fanout: another mode in the same group is refused', async () => {
  const group = process.pid & 0xffff
  await using _first = await open(net.near, { fanout: { group, mode: 'lb' } })
  const error = await open(net.near, { fanout: { group, mode: 'hash' } }).catch((error: CaptureError) => error) as CaptureError
  assert.is(error.code, 'ERR_CAPTURE_OPTION')
  assert.match(error.message, `fanout group ${group}`)
})

test('promiscuous while it is open, and only if it is asked for', async () => {
  await (await open(net.near)).close()
  assert.is(link(net.near).promiscuity, 0)
  const capture = await open(net.near, { promiscuous: true })
  assert.is(link(net.near).promiscuity, 1)
  await capture.close()
  assert.is(link(net.near).promiscuity, 0)
})

test('on loopback each packet comes once, also in a group', async () => {
  for (const fanout of [undefined, { group: process.pid & 0xffff }]) {
    const { packets } = await captured({ bpf: 'udp dst port 9', ...(fanout && { fanout }) }, async () => {
      const { code, stderr } = await run('bash', ['-c', 'for i in 1 2 3 4 5; do echo "hello $i" > /dev/udp/127.0.0.1/9; done'])
      assert.is(code, 0, stderr)
    }, 'lo')
    assert.equal(packets.map(({ data }) => Buffer.from(data.slice(84), 'hex').toString()), [1, 2, 3, 4, 5].map(i => `hello ${i}\n`))
  }
})

for (const [what, ...command] of [['is removed', 'link', 'del'], ['goes down', 'link', 'set', 'down']] as const) {
  test(`the interface ${what}: everything before is delivered, then there is a coded error`, async () => {
    const own = pair()
    try {
      const capture = await open(own.near)
      const sent = await send(128, 5000, 0, own)
      ip(...command, own.near)
      const packets: SeenPacket[] = []
      let error: CaptureError | undefined
      try {
        for await (const burst of capture) for (const ev of burst) packets.push(seen(ev))
      } catch (caught) {
        error = caught as CaptureError
      }
      assert.is(packets.length, sent)
      assert.is(error?.code, 'ERR_CAPTURE_NO_DEVICE')
      assert.match(error!.message, `${own.near} went down`)
      assert.is(capture.stats().pending, 0)
    } finally {
      own.remove()
    }
  })
}

test('one that is down, or of another kind, cannot be opened', async () => {
  const own = pair()
  try {
    ip('link', 'set', own.near, 'down')
    const error = await open(own.near).catch((error: CaptureError) => error) as CaptureError
    assert.equal([error.code, error.message, error.hint], ['ERR_CAPTURE_NO_DEVICE', `${own.near} is down`, `ip link set ${own.near} up`])
  } finally {
    own.remove()
  }
})

test('ends at maxEvents, at maxDurationMs, at a signal; what is left is pending', async () => {
  const some = await open(net.near, { maxEvents: 7 })
  await send(128, 100)
  assert.is((await all(some)).length, 7)
  assert.equal(some.stats(), { seen: 100, delivered: 7, dropped: { total: 0, buffer: 0 }, filtered: 0, pending: 93, late: 0, perCpu: [] })

  assert.equal(await all(await open(net.near, { maxDurationMs: 30 })), [])

  const controller = new AbortController()
  const aborted = all(await open(net.near, { signal: controller.signal }))
  controller.abort(new Error('enough'))
  assert.is(await aborted.catch((error: Error) => error.message), 'enough')
})

test('a view outlives its burst as an error only, a retained event as itself', async () => {
  const capture = await open(net.near, { maxEvents: 10 })
  await send(128, 10)
  const kept = []
  let bytes
  for await (const burst of capture) {
    for (const ev of burst) {
      kept.push(ev.retain())
      bytes = ev.packet!.bytes
    }
  }
  assert.throws(() => bytes!.at(0), (error: CaptureError) => error.code === 'ERR_CAPTURE_LEASE')
  assert.equal(kept.map(ev => [numberOf(seen(ev)), ev.len, ev.name]), Array.from({ length: 10 }, (_, i) => [i, 128, 'packet']))
})

test('opened and closed a hundred times: no descriptor and no memory is left', async () => {
  const held = () => ({
    fds: readdirSync('/proc/self/fd').filter(fd => { try { return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:') } catch { return false } }).length,
    maps: readFileSync('/proc/self/maps', 'utf8').split('\n').filter(line => line.includes('socket:')).length,
    rings: readFileSync('/proc/net/packet', 'utf8').split('\n').length,
  })
  const before = held()
  for (let i = 0; i < 100; i++) {
    const capture = await open(net.near, { ringBytes: 1 << 20, promiscuous: i % 2 === 0, ...(i % 3 === 0 && { bpf: 'udp' }) })
    if (i % 10 === 0) {
      await send(128, 10)
      for await (const burst of capture) {
        for (const _ of burst) break
        break
      }
    }
    await capture.close()
  }
  assert.equal(held(), before)
  assert.is(link(net.near).promiscuity, 0)
})

test('libpcap is missing: a coded error for filters, and captures without one work', async () => {
  const script = `
    import { open } from '${new URL('../../lib/index.ts', import.meta.url).href}'
    await (await open('lo')).close()
    await open('lo', { bpf: 'udp' }).catch(({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })))`
  const hidden = 'for path in $(ldconfig -p | sed -n "s/.*libpcap.* => //p"); do mount --bind /dev/null $path; done; exec "$@"'
  const { stdout, stderr } = await run('unshare', ['-m', 'sh', '-c', hidden, 'sh', process.execPath, '--import', 'tsx', '--input-type=module', '-e', script])
  assert.ok(stdout !== '', stderr)
  assert.equal(JSON.parse(stdout), {
    code: 'ERR_CAPTURE_FILTER', message: 'libpcap, which compiles the filters of network interfaces, is not installed', hint: 'apt-get install libpcap0.8',
  })
}, { needs: ['mount_namespace'] })

test('system calls out of an interface, and in again at its other end', async () => {
  const judge = await tcpdump(net.near, ['ether', 'proto', '0x88b5'])
  const arriving = await open(net.near, { decap: true })
  const events = (async () => {
    const found: string[] = []
    for await (const burst of arriving) for (const ev of burst) found.push(`${ev.ts} ${ev.cpu} ${ev.record.toString('hex')}`)
    return found
  })()
  const { code, stdout, stderr } = await run('ip', ['netns', 'exec', net.namespace, process.execPath, '--import', 'tsx', 'lib/cli/main.ts', 'bounce', '-r', TRACE, '-o', net.far, '--json'])
  assert.is(code, 0, stderr)
  arriving.stop()
  const { out } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { out: { sent: number; notSent: { total: number } } }
  assert.is(out.sent, TRACE_EVENTS)
  assert.is(out.notSent.total, 0)
  assert.is((await judge.packets()).length, TRACE_EVENTS)
  const original: string[] = []
  for await (const burst of await openFile(TRACE)) for (const ev of burst) original.push(`${ev.ts} ${ev.cpu} ${ev.record.toString('hex')}`)
  assert.equal(await events, original)
})

test('what cannot be sent is counted by its cause, the rest goes out', async () => {
  const judge = await tcpdump(net.far, [], net.namespace)
  const sender = openSender(net.near)
  const frame = (length: number) => ({ ts: 1n, packet: Buffer.alloc(length, 7) })
  for await (const burst of synthetic([frame(60), frame(4), frame(1514), frame(1515), frame(9000), { ...frame(60), linktype: 101 }, frame(61), frame(400_000)])) {
    await sender.send(burst)
  }
  const { sent, bytes, notSent } = sender.stats()
  assert.equal([sent, bytes], [3, 60 + 1514 + 61])
  assert.equal(notSent, { total: 5, too_long: 3, too_short: 1, no_buffer: 0, down: 0, other: 0, link_type: 1 })
  assert.equal((await judge.packets()).map(({ len }) => len), [60, 1514, 61])
  ip('link', 'set', net.near, 'down')
  for await (const burst of synthetic([frame(60), frame(60)])) await sender.send(burst)
  ip('link', 'set', net.near, 'up')
  assert.is(sender.stats().notSent.down, 2)
  sender.close()
  assert.is(sender.stats().sent, 3)
})
