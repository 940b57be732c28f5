import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUNDLE_URL, compile, NIC, TRACER_CPU, WORK_CPU } from './build.js'
import { Child, sleep } from './child.js'
import { isInstalled } from './rivals.js'
import { of, rounds, type Sample, type Series } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'

const BYTES = 128
/** Millions a second that a reader in JavaScript is to take without loss. */
const AT_LEAST = 1

interface Reader {
  name: string
  needs?: string
  /** Starts it; resolves when it listens. */
  start(nic: string, bench: Bench): Promise<Child>
  /** Ends it, and says how many packets it has read. */
  finish(child: Child): Promise<{ packets: number; dropped?: number }>
}

const inNode = (name: string, reader: string, options: { needs?: string; folder?: (bench: Bench) => string } = {}): Reader => ({
  name,
  ...(options.needs !== undefined && { needs: options.needs }),
  async start(nic, bench) {
    const child = new Child([...NIC, BUNDLE_URL, reader, nic, ...(options.folder === undefined ? [] : [options.folder(bench)])], { cpu: TRACER_CPU })
    await child.line()
    return child
  },
  async finish(child) {
    child.end()
    return JSON.parse(await child.line(60_000)) as { packets: number; dropped?: number }
  },
})

const tcpdump: Reader = {
  name: 'tcpdump -w',
  needs: 'tcpdump',
  async start(nic, bench) {
    const child = new Child(['tcpdump', '-i', nic, '-n', '-B', '65536', '-w', join(bench.folder, 'nic.pcap')], { cpu: TRACER_CPU })
    for (let turn = 0; turn < 100 && !child.stderr.includes('listening on'); turn++) await sleep(50)
    return child
  },
  async finish(child) {
    await sleep(1500) // its ring gives a block that is not full after a second
    await child.stop()
    return { packets: count(child.stderr, 'captured'), dropped: count(child.stderr, 'dropped by kernel') }
  },
}

const READERS: readonly Reader[] = [
  inNode('sysring, in JavaScript', 'sysring'),
  tcpdump,
  inNode('cap, in JavaScript', 'cap', { needs: 'cap' }),
  inNode('pcap, in JavaScript', 'pcap', { folder: pcapFolder }),
]

/** Packets of 128 bytes from a native program on one CPU, read on the other one. */
export const nic: Suite = {
  name: 'nic',
  about: 'packets of 128 bytes on a veth pair, read in JavaScript: rate, loss, CPU',
  rivals: ['tcpdump', 'cap'],
  async run(bench) {
    const readers = READERS.filter(({ name, needs }) => bench.chosen(name) && (needs === undefined || isInstalled(needs)))
    const missing = readers.some(({ name }) => name.startsWith('pcap,')) ? installPcap(bench) : undefined
    const able = missing === undefined ? readers : readers.filter(({ name }) => !name.startsWith('pcap,'))
    const sender = compile('packets', bench.folder)
    const near = `bench${process.pid % 100_000}a`
    const far = `bench${process.pid % 100_000}b`
    const remove = () => { try { ip('link', 'del', near) } catch { /* gone */ } }
    process.on('exit', remove)
    try {
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far)
      for (const end of [near, far]) {
        execFileSync('sysctl', ['-qw', `net.ipv6.conf.${end}.disable_ipv6=1`])
        ip('link', 'set', end, 'up')
      }
      const packets = bench.quick ? 2_000_000 : 5_000_000
      const series = await rounds(able.map(reader => ({ name: reader.name, run: () => run(bench, reader, [sender, near, String(BYTES), String(packets)], far) })), bench)
      return { series, tables: [table(series, missing)] } satisfies Result
    } finally {
      remove()
      process.off('exit', remove)
      rmSync(join(bench.folder, 'nic.pcap'), { force: true })
    }
  },
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

async function run(bench: Bench, reader: Reader, command: readonly string[], nic: string): Promise<Sample> {
  const sending = new Child(command, { cpu: WORK_CPU })
  await sending.line()
  const child = await reader.start(nic, bench)
  const before = cpuMs(child.pid)
  const arrivedBefore = arrived(nic)
  sending.send('\n')
  const { sent, wallNs } = JSON.parse(await sending.line(120_000)) as { sent: number; wallNs: number }
  await sending.exit
  await sleep(1000)
  const used = cpuMs(child.pid) - before
  // On a busy machine the kernel may lose some between the two ends, which no reader can have seen.
  const offered = arrived(nic) - arrivedBefore
  const { packets, dropped } = await reader.finish(child)
  await child.exit
  const lost = offered - packets
  return {
    sent, offered, packets, lost, lostPercent: 100 * lost / offered, ...(dropped !== undefined && { untold: lost - dropped }),
    millions: sent / wallNs * 1000, nsPerPacket: used * 1e6 / Math.max(1, packets), percent: 100 * used * 1e6 / wallNs,
  }
}

/** Packets that the interface has received. */
function arrived(nic: string): number {
  const [{ stats64 }] = JSON.parse(execFileSync('ip', ['-s', '-j', 'link', 'show', nic], { encoding: 'utf8' })) as [{ stats64: { rx: { packets: number } } }]
  return stats64.rx.packets
}

/** CPU time of a process and its threads, in ms; clock ticks are 10 ms. */
function cpuMs(pid: number): number {
  const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/s, '').split(/ +/)
  return (Number(user) + Number(system)) * 10
}

function count(text: string, what: string): number {
  return Number(new RegExp(`^(\\d+) packets? ${what}`, 'm').exec(text)?.[1] ?? 0)
}

function pcapFolder({ folder }: Bench): string {
  return join(folder, 'pcap')
}

/** The npm package is no dependency of ours: it is installed for the run. Why not, if that fails. */
function installPcap(bench: Bench): string | undefined {
  bench.progress('installing the npm package pcap')
  const folder = pcapFolder(bench)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{}')
  try {
    execFileSync('npm', ['install', 'pcap@3.1.0', '--no-audit', '--no-fund', '--no-save'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', timeout: 180_000 })
    return undefined
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    return /^.*(?:fatal error|npm error .*\S).*$/m.exec(stderr)?.[0] ?? message.split('\n', 1)[0]
  }
}

function table(series: readonly Series[], missing: string | undefined): Table {
  return {
    title: `Network interface: a veth pair, packets of ${BYTES} bytes as fast as one CPU sends them, the reader on the other CPU, rings of 64 MiB`,
    head: ['reader', 'M packets/s sent', 'arrived', 'read', 'lost', 'lost %', 'untold', 'CPU ns/packet', 'CPU %', 'target'],
    rows: series.map((own, index) => [
      own.name,
      ...['millions', 'offered', 'packets', 'lost', 'lostPercent', 'untold', 'nsPerPacket', 'percent'].map(key => spreadText(of(own, key))),
      index > 0 || !own.name.startsWith('sysring') ? '' : `${targetText(of(own, 'millions')?.median, AT_LEAST, true)}, lost ${targetText(of(own, 'lost')?.max, 0)}`,
    ]),
    notes: [
      'arrived: by the interface\'s own counter; untold: lost, and not among the drops that the reader can tell of',
      'CPU: of the reader, what it takes before the first packet left out; %: of one core while packets were sent',
      'cap tells no time; the others\' is read',
      ...(missing === undefined ? [] : [`not compared with the npm package pcap, which could not be installed: ${missing}`]),
      ...failureNotes(series),
    ],
  }
}
