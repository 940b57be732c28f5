/** Known clients and servers, and what a merged capture of them must say. */
import * as assert from 'uvu/assert'
import type { Event } from '../../lib/event/event.js'
import { Flow } from '../../lib/flow/flow.js'
import type { Capture } from '../../lib/iface/capture.js'
import { type Program, start } from './program.js'

export interface Talk {
  proto: 'tcp' | 'udp' | 'udp-connected'
  /** Where the server listens, if that is not where the client goes. */
  bind?: string
  address: string
  port: number
  /** The client is connected before anybody captures. */
  early?: boolean
  /** The client's port, where the kernel is not to choose one. */
  from?: number
}

interface Running extends Talk {
  name: string
  server: Program
  client: Program
}

export interface Spoken {
  proto: Talk['proto']
  name: string
  serverPort: number
  serverPid: number
  clientPort: number
  clientPid: number
}

/** From the first to the other of two joined network namespaces. */
export const BETWEEN: readonly Talk[] = [{ address: '10.231.7.2', any: '0.0.0.0', port: 7310 }, { address: 'fd00:231:7::2', any: '::', port: 7320 }]
  .flatMap(({ address, any, port }): Talk[] => [
    { proto: 'tcp', address, port: port + 1 },
    { proto: 'tcp', bind: any, address, port: port + 2 },
    { proto: 'tcp', address, port: port + 3, early: true },
    { proto: 'udp', address, port: port + 4 },
    { proto: 'udp', bind: any, address, port: port + 5 },
    { proto: 'udp-connected', address, port: port + 6, early: true },
  ])

/** How many messages each client sends. */
export const MESSAGES = 200

/** Starts all servers and clients; a command in front puts either elsewhere, in a network namespace say. */
export async function prepare(talk: string, talks: readonly Talk[], serverIn: readonly string[] = [], clientIn: readonly string[] = []): Promise<Running[]> {
  const running: Running[] = []
  for (const [index, each] of talks.entries()) {
    const { proto, address, bind = address, port, early, from } = each
    const name = `talk${index}`
    const server = await launch([...serverIn, talk, 'server', proto === 'tcp' ? 'tcp' : 'udp', bind, port])
    const client = await launch([...clientIn, talk, 'client', proto, address, port, name, MESSAGES, ...(early ? ['early'] : []), ...(from === undefined ? [] : ['from', from])])
    running.push({ ...each, name, server, client })
  }
  return running
}

function launch([command, ...args]: (string | number)[]): Promise<Program> {
  return start(String(command), args)
}

/** Lets the clients speak; resolves when they have. The servers go on until `end`. */
export async function speak(running: readonly Running[]): Promise<Spoken[]> {
  for (const { client } of running) client.go()
  return Promise.all(running.map(async ({ name, proto, port, server, client }) => ({
    name, proto, serverPort: port, serverPid: server.pid, clientPid: client.pid, clientPort: Number(await client.output),
  })))
}

export async function end(running: readonly Running[]): Promise<void> {
  for (const { server } of running) process.kill(server.pid, 'SIGTERM')
  await Promise.all(running.map(({ server }) => server.output))
}

/** What was seen of the talks in a merged capture: plain data, that another process may send. */
export interface Findings {
  packets: number
  wrong: string[]
  /** Of messages that were seen being sent, on the wire, and being received: cause and effect, and those in the wrong order. */
  pairs: number
  inverted: number
  /** How long after its send a packet had its time at least, and how long before the recv that it wakes, in ns. */
  afterSendNs: number
  beforeReceiveNs: number
}

/** Looks for the talks in a merged capture. */
export class Heard {
  readonly findings: Findings = { packets: 0, wrong: [], pairs: 0, inverted: 0, afterSendNs: Infinity, beforeReceiveNs: Infinity }
  readonly #flow = new Flow()
  readonly #spoken: readonly Spoken[]
  readonly #peers: boolean
  /** By message and who has sent it: time and place of the steps that were seen. */
  readonly #steps = new Map<string, Map<'send' | 'packet' | 'receive', { num: number; ts: bigint }>>()
  /** By pid: messages that it has begun to send. */
  readonly #sends = new Map<number, number>()

  /** `peers`: both ends are on this machine, and are to be known. */
  constructor(spoken: readonly Spoken[], peers = true) {
    this.#spoken = spoken
    this.#peers = peers
  }

  async listen(merged: Capture): Promise<void> {
    for await (const burst of merged) for (const ev of burst) this.hear(ev)
    this.judge()
  }

  hear(ev: Event): void {
    const packet = ev._packet
    if (packet !== undefined) return this.#hearPacket(ev)
    const { pid } = ev
    const talk = this.#spoken.find(({ clientPid, serverPid }) => pid === clientPid || pid === serverPid)
    if (talk === undefined) return
    const data = ev.args.data
    const text = data instanceof Uint8Array ? /^(talk\d+ \d+)\./.exec(Buffer.from(data).toString('latin1'))?.[1] : undefined
    const sends = ev.name === 'write' || ev.name === 'sendto'
    if (pid === talk.clientPid && sends && ev.dir === 'enter' && (ev.fd?.isIpSocket || ev.fd?.isServerSocket)) {
      const number = this.#sends.get(pid!) ?? 0
      this.#sends.set(pid!, number + 1)
      this.#step(`${talk.name} ${number} client`, 'send', ev)
    }
    if (text !== undefined && !sends && ev.dir === 'exit') this.#step(`${text} ${pid === talk.serverPid ? 'client' : 'server'}`, 'receive', ev)
  }

  #hearPacket(ev: Event): void {
    const packet = ev._packet!
    const flow = this.#flow
    if (!flow.read(packet.linktype, packet._memory, packet._start, packet._length)) return
    const { source, destination, protocol } = flow
    const talk = this.#spoken.find(({ proto, serverPort, clientPort }) => (proto === 'tcp') === (protocol === 6) &&
      ((source.port === serverPort && destination.port === clientPort) || (source.port === clientPort && destination.port === serverPort)))
    if (talk === undefined) return
    this.findings.packets++
    const isClients = source.port === talk.clientPort
    const [from, to] = isClients ? [talk.clientPid, talk.serverPid] : [talk.serverPid, talk.clientPid]
    const { process, peer } = ev
    if (process?.pid !== from || process.direction !== 'out' || process.comm !== 'talk' || (this.#peers && (peer?.pid !== to || peer.direction !== 'in'))) {
      this.findings.wrong.push(`${talk.name} ${talk.proto} ${talk.serverPort}${isClients ? ' client' : ' server'}: packet ${ev.num} of ${from} for ${to} was given to ${process?.direction} ${process?.comm} ${process?.pid} and ${peer?.direction} ${peer?.pid}`)
    }
    const text = /(talk\d+ \d+)\./.exec(packet.bytes.toString('latin1'))?.[1]
    if (text !== undefined) this.#step(`${text} ${isClients ? 'client' : 'server'}`, 'packet', ev)
  }

  #step(message: string, step: 'send' | 'packet' | 'receive', { num, ts }: Event): void {
    let steps = this.#steps.get(message)
    if (steps === undefined) this.#steps.set(message, (steps = new Map()))
    // A packet is seen twice where both ends of it are captured.
    if (!steps.has(step)) steps.set(step, { num, ts })
  }

  judge(): void {
    for (const steps of this.#steps.values()) {
      const packet = steps.get('packet')
      if (packet === undefined) continue
      const sent = steps.get('send')
      const received = steps.get('receive')
      const { findings } = this
      if (sent !== undefined) findings.afterSendNs = Math.min(findings.afterSendNs, this.#compare(sent, packet))
      if (received !== undefined) findings.beforeReceiveNs = Math.min(findings.beforeReceiveNs, this.#compare(packet, received))
    }
  }

  /** Gives the time between them, in ns. */
  #compare(cause: { num: number; ts: bigint }, effect: { num: number; ts: bigint }): number {
    this.findings.pairs++
    if (cause.num > effect.num) this.findings.inverted++
    return Number(effect.ts - cause.ts)
  }
}

/**
 * Every packet is given to the right process, and causes come before effects. Prints by how much the clocks of packets and system calls
 * can differ: were it more, some packet would be before its send, or behind the recv that it wakes. `late`: how many records a live merge
 * says that it got too late to put in order, as on a machine that gave this process no CPU for longer than the merge's window.
 */
export function check(what: string, { packets, wrong, pairs, inverted, afterSendNs, beforeReceiveNs }: Findings, minPackets: number, late = 0): void {
  assert.ok(packets >= minPackets, `${packets} packets, at least ${minPackets} were sent`)
  assert.equal(wrong.slice(0, 10), [], `${wrong.length} of ${packets} packets`)
  assert.ok(pairs >= minPackets / 2, `${pairs} pairs of cause and effect`)
  // A packet is the effect of its send and the cause of its recv: one that came late can be in two pairs.
  const clocks = `the clocks differ by −${ns(beforeReceiveNs)} … ${ns(afterSendNs)} at most`
  assert.ok(inverted <= pairs / 1000 + 2 * late, `${inverted} of ${pairs} in the wrong order, ${late} records were late; ${clocks}`)
  console.log(`\nNOTE ${what}: ${packets} packets, all with the right process; ${inverted} of ${pairs} pairs in the wrong order; ${clocks}`)
}

/** Infinity: nothing says how long, as in a capture without enter events. */
function ns(time: number): string {
  return time === Infinity ? '∞' : `${time} ns`
}
