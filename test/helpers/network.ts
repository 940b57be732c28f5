/** Networks for tests: veth pairs that nobody else talks on, tcpdump as judge. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import type { Capture, Event } from '../../lib/index.js'
import { openFile } from '../../lib/index.js'
import { folder } from './folder.js'

const { file } = folder()
const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
let pairs = 0

export interface Pair {
  /** In the namespace of the test. */
  near: string
  /** In a namespace of its own. */
  far: string
  namespace: string
  remove(): void
}

/** A veth pair whose ends have no address: only what a test sends is on it. */
export function pair(): Pair {
  const name = `srt${process.pid % 100_000}x${pairs++}`
  const made = { near: `${name}a`, far: `${name}b`, namespace: name }
  const remove = () => {
    try { ip('netns', 'del', name) } catch { /* gone */ }
    try { ip('link', 'del', made.near) } catch { /* its other end was in there */ }
    process.off('exit', remove)
  }
  process.on('exit', remove)
  ip('netns', 'add', name)
  // No IPv6, which would ask for neighbours and routers on its own.
  ip('link', 'add', made.near, 'type', 'veth', 'peer', 'name', made.far)
  execFileSync('sysctl', ['-qw', `net.ipv6.conf.${made.near}.disable_ipv6=1`])
  ip('link', 'set', made.far, 'netns', name)
  ip('netns', 'exec', name, 'sysctl', '-qw', `net.ipv6.conf.${made.far}.disable_ipv6=1`)
  ip('-n', name, 'link', 'set', made.far, 'up')
  ip('link', 'set', made.near, 'up')
  return { ...made, remove }
}

/** Two network namespaces joined by a veth pair. */
export interface Joined {
  /** Their names; the first one has 10.231.7.1 and fd00:231:7::1 on veth0, the other one .2 and ::2 on veth1. */
  readonly names: readonly [string, string]
  /** Commands that run another one in the first and the other namespace. */
  readonly inside: readonly [string[], string[]]
  remove(): void
}

export function joined(): Joined {
  const names = [`srt${process.pid % 100_000}j${pairs}`, `srt${process.pid % 100_000}k${pairs++}`] as const
  const remove = () => {
    for (const name of names) try { ip('netns', 'del', name) } catch { /* gone */ }
    process.off('exit', remove)
  }
  process.on('exit', remove)
  for (const name of names) ip('netns', 'add', name)
  ip('link', 'add', 'veth0', 'netns', names[0], 'type', 'veth', 'peer', 'name', 'veth1', 'netns', names[1])
  for (const [index, name] of names.entries()) {
    ip('-n', name, 'addr', 'add', `10.231.7.${index + 1}/24`, 'dev', `veth${index}`)
    ip('-n', name, 'addr', 'add', `fd00:231:7::${index + 1}/64`, 'dev', `veth${index}`, 'nodad')
    ip('-n', name, 'link', 'set', `veth${index}`, 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  // Their network alone: `ip netns exec` would also put another /sys in the place of ours.
  const inside = (name: string) => ['nsenter', `--net=/run/netns/${name}`]
  return { names, inside: [inside(names[0]), inside(names[1])], remove }
}

/** What `ip -d -j link show` says of an interface. */
export function link(name: string): { promiscuity: number; stats64: { rx: { packets: number }; tx: { packets: number } } } {
  return JSON.parse(ip('-d', '-s', '-j', 'link', 'show', name))[0]
}

export { ip }

/** A packet as it was seen: its time, its length on the wire, its bytes in hexadecimal; of a frame in a file that carries an event, the record's. */
export interface SeenPacket { ts: bigint; len: number; data: string }

export function seen(ev: Event): SeenPacket {
  return { ts: ev.ts, len: ev.len, data: (ev.packet?.bytes ?? ev.record).toString('hex') }
}

export async function all(capture: Capture): Promise<SeenPacket[]> {
  const packets: SeenPacket[] = []
  for await (const burst of capture) for (const ev of burst) packets.push(seen(ev))
  return packets
}

let dumps = 0

/**
 * tcpdump, listening; without -U, which would be a write for each packet, and so events again where system calls are what is sent.
 * `packets()` ends it and gives what it has written to `path`; it throws if something was dropped.
 */
export async function tcpdump(device: string, args: readonly string[] = [], namespace?: string): Promise<{ path: string; packets(): Promise<SeenPacket[]> }> {
  const path = file(`${dumps++}.pcap`)
  const inside = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
  const [command, ...rest] = [...inside, 'tcpdump', '-i', device, '-n', '--immediate-mode', '-s', '2048', '-B', '65536', '--time-stamp-precision=nano', '-w', path, ...args]
  const child: ChildProcess = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.includes('listening on')) resolve()
    })
    child.once('close', () => reject(new Error(`tcpdump: ${said}`)))
  })
  return {
    path,
    async packets() {
      // Until it has nothing more to write.
      for (let size = -1; size !== statSync(path).size;) {
        size = statSync(path).size
        await new Promise(resolve => setTimeout(resolve, 300))
      }
      child.kill('SIGINT')
      await ended
      if (!said.includes('0 packets dropped by kernel')) throw new Error(said)
      return all(await openFile(path))
    },
  }
}

/** Two interfaces of the test's namespace, joined by a switch (a bridge in a namespace of its own) whose ports can be made to misbehave. */
export interface Switched {
  readonly from: string
  readonly to: string
  /** Runs `tc` on the port that what is sent out of `from` comes in by. */
  tc(command: string, ...args: string[]): string
  /** Frames that the port's ingress has dropped, as the kernel counts them. */
  drops(): number
  remove(): void
}

export function switched(): Switched {
  const name = `srt${process.pid % 100_000}s${pairs++}`
  const [from, to] = [`${name}a`, `${name}b`]
  const remove = () => {
    for (const args of [['link', 'del', from], ['link', 'del', to], ['netns', 'del', name]]) try { ip(...args) } catch { /* gone */ }
    process.off('exit', remove)
  }
  process.on('exit', remove)
  ip('netns', 'add', name)
  ip('-n', name, 'link', 'add', 'name', 'switch', 'type', 'bridge')
  for (const [end, port] of [[from, 'port0'], [to, 'port1']]) {
    ip('link', 'add', 'name', end, 'type', 'veth', 'peer', 'name', port, 'netns', name)
    execFileSync('sysctl', ['-qw', `net.ipv6.conf.${end}.disable_ipv6=1`])
    ip('netns', 'exec', name, 'sysctl', '-qw', `net.ipv6.conf.${port}.disable_ipv6=1`)
    ip('-n', name, 'link', 'set', port, 'mtu', '65535', 'master', 'switch', 'up')
    ip('link', 'set', end, 'mtu', '65535', 'up')
  }
  ip('netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.switch.disable_ipv6=1')
  ip('-n', name, 'link', 'set', 'switch', 'mtu', '65535', 'up')
  const tc = (command: string, ...args: string[]) => ip('netns', 'exec', name, 'tc', ...command.split(' '), ...args)
  tc('qdisc add dev port0 clsact')
  const drops = () => (JSON.parse(tc('-s -j qdisc show dev port0')) as { kind: string; drops: number }[]).find(({ kind }) => kind === 'clsact')!.drops
  return { from, to, tc, drops, remove }
}
