import { createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { balance, type Event, open } from '../../lib/index.js'
import { identities, openQueue } from '../helpers/clusters.js'
import { compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('connections balanced by flow', { needs: ['bpf', 'btf', 'cc', 'root', 'net_raw'], timeoutMs: 60_000 })

const CONNECTIONS = 1000
const QUEUES = 4
const IPPROTO_TCP = 6

let program = ''
test.before(() => { program = compile('connections') })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, resolve) })
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Of a TCP packet of loopback, the port that is not the server's. */
function clientPort(ev: Event, server: number): number | undefined {
  const { bytes } = ev.packet!
  const v6 = bytes.at(12) === 0x86
  const ports = v6 ? 14 + 40 : 14 + 4 * (bytes.at(14)! & 15)
  if (bytes.at(v6 ? 20 : 23) !== IPPROTO_TCP) return undefined
  const port = (at: number) => bytes.at(at)! * 256 + bytes.at(at + 1)!
  const [source, dest] = [port(ports), port(ports + 2)]
  return source === server ? dest : dest === server ? source : undefined
}

for (const family of ['IPv4', 'IPv6'] as const) {
  test(`${CONNECTIONS} ${family} connections: the calls of both ends, and the packets, on one queue each`, async () => {
    const port = await freePort()
    const connections = await start(program, [port, CONNECTIONS, ...(family === 'IPv6' ? [6] : [])])
    const syscalls = ['socket', 'bind', 'listen', 'connect', 'accept4', 'read', 'write', 'sendto', 'recvfrom', 'dup', 'close', 'clone', 'clone3', 'fork', 'vfork']
    const calls = await open('sysdig', { syscalls, pids: { allow: [connections.pid], children: true } })
    const packets = await open('lo', { bpf: `tcp port ${port}` })
    const cluster = await balance([calls, packets], { by: 'flow', queues: QUEUES, queueBytes: 16 << 20 })
    assert.ok(cluster.native)

    /** By client port: on which queues, and how many calls of each process and packets. */
    const tcp = new Map<number, { queues: Set<number>; pids: Map<number, number>; packets: number }>()
    /** By the ports of a pair: a single one may be used again. */
    const udp = new Map<string, Set<number>>()
    const counts = Array<number>(QUEUES).fill(0)
    const readers = cluster.devices.map(async (_, queue) => {
      for await (const burst of await openQueue(cluster, queue, { state: true })) {
        for (const ev of burst) {
          counts[queue]++
          let client: number | undefined
          if (ev.packet !== undefined) {
            client = clientPort(ev, port)
          } else {
            // What the state knows, which is not what the balancer goes by.
            const fd = ev.field('fd.name') as string | undefined
            const [, from, to] = /:(\d+)->.*:(\d+)$/.exec(fd ?? '') ?? []
            if (from === undefined) continue
            if (ev.field('fd.l4proto') === 'udp') {
              const pair = [from, to].sort().join()
              udp.set(pair, (udp.get(pair) ?? new Set()).add(queue))
              continue
            }
            client = Number(to) === port ? Number(from) : Number(from) === port ? Number(to) : undefined
          }
          if (client === undefined) continue
          const found = tcp.get(client) ?? { queues: new Set(), pids: new Map(), packets: 0 }
          tcp.set(client, found)
          found.queues.add(queue)
          if (ev.packet !== undefined) found.packets++
          else found.pids.set(ev.pid!, (found.pids.get(ev.pid!) ?? 0) + 1)
        }
      }
    })
    connections.go()
    const ports = (await connections.output).trim().split('\n').map(line => line.split(' '))
    await new Promise(resolve => { setTimeout(resolve, 100) })
    cluster.stop()
    await Promise.all(readers)
    await cluster.ended
    identities(cluster)
    const stats = cluster.stats()
    await cluster.close()
    assert.equal(stats.queues.map(({ dropped, stateDropped }) => dropped + stateDropped), Array(QUEUES).fill(0))

    const of = (protocol: string) => ports.filter(([name]) => name === protocol).map(([, ...rest]) => rest.sort().join())
    assert.equal([of('tcp').length, of('udp').length], [CONNECTIONS, CONNECTIONS / 10])
    for (const client of of('tcp').map(Number)) {
      const { queues, pids, packets } = tcp.get(client) ?? { queues: new Set(), pids: new Map<number, number>(), packets: 0 }
      assert.equal([...queues].length, 1, `connection of port ${client} is on queues ${[...queues].join()}`)
      // The client's and the server's: both have sent and received, entered and returned.
      assert.is(pids.size, 2, `port ${client}`)
      for (const count of pids.values()) assert.ok(count >= 6, `port ${client}: ${count} calls`)
      assert.ok(packets >= 8, `port ${client}: ${packets} packets`)
    }
    for (const pair of of('udp')) assert.equal(udp.get(pair)?.size, 1, `UDP ports ${pair}`)
    assert.ok(counts.every(count => count > 1000), `one queue has next to nothing: ${counts.join()}`)
    console.log(`${family}: ${counts.join(', ')} records on the queues`)
  })
}
