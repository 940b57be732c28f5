// timeout: 240
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import type { Event } from '../../lib/event/event.js'
import { writeFile } from '../../lib/export/file.js'
import { openFile } from '../../lib/iface/file/open.js'
import { merge } from '../../lib/merge/merge.js'
import { open } from '../../lib/open.js'
import { folder } from '../helpers/folder.js'
import { compile } from '../helpers/program.js'
import { example } from '../helpers/examples.js'
import { joined } from '../helpers/network.js'
import { run, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { BETWEEN, check, end, Heard, MESSAGES, prepare, speak, type Spoken, type Talk } from '../helpers/talk.js'

const test = suite('attribution', { needs: ['root', 'bpf', 'btf', 'tcpdump'], timeoutMs: 60_000 })
const { file } = folder()
const talk = compile('talk')

/** What was said in the first test; the next ones read its files. */
let spokenFirst: readonly Spoken[] = []

const LOOPBACK: readonly Talk[] = [
  { proto: 'tcp', address: '127.0.0.1', port: 7301 },
  { proto: 'tcp', address: '127.0.0.1', port: 7302, early: true },
  { proto: 'tcp', address: '::1', port: 7303 },
  { proto: 'tcp', address: '::1', port: 7304, early: true },
  { proto: 'tcp', bind: '::', address: '127.0.0.1', port: 7305 },
  { proto: 'tcp', bind: '0.0.0.0', address: '127.0.0.1', port: 7306 },
  { proto: 'udp', address: '127.0.0.1', port: 7301 },
  { proto: 'udp', bind: '0.0.0.0', address: '127.0.0.1', port: 7302 },
  { proto: 'udp', address: '::1', port: 7303 },
  { proto: 'udp', bind: '::', address: '127.0.0.1', port: 7304 },
  { proto: 'udp-connected', address: '127.0.0.1', port: 7305 },
  { proto: 'udp-connected', address: '::1', port: 7306, early: true },
  { proto: 'udp', address: '127.0.0.1', port: 7307, early: true },
]

/** Starts tcpdump, which has opened its interface when this resolves; the result ends it. */
async function tcpdump(path: string, iface: string, before: readonly string[] = []): Promise<() => Promise<void>> {
  const [command, ...args] = [...before, 'tcpdump', '-n', '-i', iface, '--time-stamp-precision=nano', '-B', '65536', '-Z', 'root', '-w', path, 'tcp or udp']
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk
      if (text.includes('listening on')) resolve()
    })
    child.once('exit', () => reject(new Error(text)))
  })
  return async () => {
    // libpcap hands packets over once a second, and on a signal not at all.
    await new Promise(resolve => setTimeout(resolve, 1200))
    child.kill('SIGINT')
    await once(child, 'close')
    assert.match(text, /\b0 packets dropped by kernel/, text)
  }
}

/** Records the talks, system calls with our probe and packets with tcpdump. */
async function record(name: string, talks: readonly Talk[], iface: string, places: { server?: string[]; client?: string[]; tcpdump?: string[] } = {}, options = {}): Promise<Spoken[]> {
  const running = await prepare(talk, talks, places.server, places.client)
  try {
    const stop = await tcpdump(file(`${name}.pcap`), iface, places.tcpdump)
    const calls = await open('sysdig:bpf', options)
    assert.ok(calls.metadata.length > 0) // read now: what is there before anybody speaks
    const written = writeFile(calls, file(`${name}.scap`))
    const spoken = await speak(running)
    await new Promise(resolve => setTimeout(resolve, 200))
    calls.stop()
    await written
    await stop()
    return spoken
  } finally {
    await end(running)
  }
}

async function judge(name: string, spoken: readonly Spoken[]): Promise<void> {
  const merged = merge([await openFile(file(`${name}.scap`), { state: true }), await openFile(file(`${name}.pcap`))])
  const heard = new Heard(spoken)
  await heard.listen(merged)
  const { seen, delivered, dropped, filtered, pending, late, attribution } = merged.stats()
  assert.is(seen, delivered + dropped.total + filtered + pending)
  assert.is(attribution!.packets, attribution!.attributed + attribution!.unknown + attribution!.others)
  // A machine that gave the recorder no CPU for a while has left records out of order in the file.
  check(name, heard.findings, 2 * MESSAGES * spoken.length, late)
}

test('from files: loopback, TCP and UDP, IPv4 and IPv6, connections opened before', async () => {
  spokenFirst = await record('loopback', LOOPBACK, 'lo')
  await judge('loopback', spokenFirst)
})

test('a pcapng file has the process of each packet as its comment', async () => {
  const merged = merge([await openFile(file('loopback.scap'), { state: true }), await openFile(file('loopback.pcap'))], { filter: 'proc.name = talk' })
  await writeFile(merged, file('merged.pcapng'), { comments: true })
  const { stdout } = await run('tshark', ['-n', '-r', file('merged.pcapng'), '-Y', 'tcp.port == 7301', '-T', 'fields', '-e', 'tcp.srcport', '-e', 'frame.comment'])
  const lines = stdout.trim().split('\n')
  assert.ok(lines.length >= 2 * MESSAGES, `${lines.length} packets`)
  const { serverPid, clientPid } = spokenFirst[0]
  for (const line of lines) {
    const [port, comment] = line.split('\t')
    const [from, to] = port === '7301' ? [serverPid, clientPid] : [clientPid, serverPid]
    assert.match(comment, new RegExp(`^pid=${from} comm=talk( fd=\\d+)? dir=out peer\\.pid=${to} peer\\.comm=talk$`))
  }
}, { needs: ['tshark'] })

test('a filter by port finds every packet, also such as come before the call that tells of their socket has ended', async () => {
  const ports = 'fd.port >= 7301 and fd.port <= 7307'
  const merged = merge([await openFile(file('loopback.scap'), { state: true }), await openFile(file('loopback.pcap'))], { filter: ports })
  let packets = 0
  for await (const burst of merged) for (const ev of burst) if (ev.packet !== undefined) packets++
  const { stdout } = await run('tcpdump', ['-n', '-r', file('loopback.pcap'), 'portrange 7301-7307'])
  assert.is(packets, stdout.trim().split('\n').length)
})

test('the command merges files, and filters packets by their process', async () => {
  const { clientPid, serverPid } = spokenFirst[6]
  const files = ['-r', file('loopback.scap'), '-r', file('loopback.pcap')]
  const { stdout, stderr, code } = await sysring(['dump', ...files, `proc.pid = ${clientPid} and fd.name contains 7301`])
  assert.is(code, 0, stderr)
  assert.match(stdout, new RegExp(`^\\d+ \\S+ \\d talk \\(${clientPid}\\) - packet linktype=1 len=\\d+ caplen=\\d+ pid=${clientPid} comm=talk fd=3 dir=out peer\\.pid=${serverPid} peer\\.comm=talk $`, 'm'))
  assert.match(stdout, new RegExp(`talk \\(${clientPid}\\) > sendto fd=3`))
  const { stdout: json } = await sysring(['dump', '-q', '--json', ...files, `proc.pid = ${clientPid}`])
  const packet = json.trim().split('\n').map(line => JSON.parse(line)).find(each => each['evt.type'] === 'packet')
  assert.equal(packet['evt.args'].process, { pid: clientPid, tid: clientPid, comm: 'talk', fd: 3, direction: 'out' })
  assert.is(packet['evt.args'].peer.pid, serverPid)
  const { stdout: printed } = await example('merge.ts', [file('loopback.scap'), file('loopback.pcap'), 'fd.sport = 7301'])
  assert.match(printed, new RegExp(`bytes out talk \\(${clientPid}\\) to talk \\(${serverPid}\\)$`, 'm'))
})

test('from files: exit events alone', async () => {
  await judge('exit', await record('exit', LOOPBACK, 'lo', {}, { events: 'exit' }))
})

test('from files: between two network namespaces', async () => {
  const { inside: [one, other], remove } = joined()
  try {
    await judge('veth', await record('veth', BETWEEN, 'veth1', { client: one, server: other, tcpdump: other }))
  } finally {
    remove()
  }
}, { needs: ['ip', 'nsenter'] })

test('live: loopback', async () => {
  const running = await prepare(talk, LOOPBACK)
  const merged = merge([await open('sysdig:bpf', { state: true }), await open('lo', { bpf: 'tcp or udp' })])
  const pids = new Set(running.flatMap(({ server, client }) => [server.pid, client.pid]))
  const events: Event[] = []
  const reading = (async () => {
    for await (const burst of merged) {
      for (const ev of burst) {
        // What is known of a process is as of now; the talks are judged when their ports are known.
        if (ev.packet !== undefined || ev.pid !== undefined && pids.has(ev.pid)) events.push(ev.retain())
      }
    }
  })()
  try {
    const spoken = await speak(running)
    await new Promise(resolve => setTimeout(resolve, 300))
    merged.stop()
    await reading
    const heard = new Heard(spoken)
    for (const ev of events) heard.hear(ev)
    heard.judge()
    const { seen, delivered, dropped, filtered, pending, attribution, late } = merged.stats()
    assert.is(seen, delivered + dropped.total + filtered + pending)
    assert.ok(late < delivered / 20, `${late} of ${delivered} records were late`)
    check('live', heard.findings, 2 * MESSAGES * spoken.length, late)
    console.log(`\nNOTE live: ${late} of ${delivered} records came too late to be in order; ${JSON.stringify(attribution)}`)
  } finally {
    await merged.close()
    await end(running)
  }
}, { needs: ['net_raw'] })
