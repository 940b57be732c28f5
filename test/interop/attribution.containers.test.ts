// timeout: 120
import * as assert from 'uvu/assert'
import type { PacketProcess } from '../../lib/event/packet.js'
import { merge } from '../../lib/merge/merge.js'
import { open } from '../../lib/open.js'
import { container } from '../helpers/cgroups.js'
import { compile } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'
import { end, MESSAGES, prepare, speak, type Talk } from '../helpers/talk.js'

const test = suite('attribution › containers', { needs: ['root', 'bpf', 'btf', 'cc', 'net_raw', 'cgroups'], timeoutMs: 60_000 })
const talk = compile('talk')

const BEFORE: readonly Talk[] = [{ proto: 'tcp', address: '127.0.0.1', port: 7351, early: true }, { proto: 'udp', address: '::1', port: 7352 }]
const AFTER: readonly Talk[] = [{ proto: 'tcp', address: '::1', port: 7353 }, { proto: 'udp-connected', address: '127.0.0.1', port: 7354 }]

test('live: packets have the containers of their processes, of such as ran before the capture and of such as came later', async () => {
  const [one, other] = [container(), container()]
  try {
    const before = await prepare(talk, BEFORE, one.inside, other.inside)
    const merged = merge([await open('sysdig:bpf', { state: true }), await open('lo', { bpf: 'portrange 7351-7354' })])
    const packets: { process?: PacketProcess; peer?: PacketProcess }[] = []
    const reading = (async () => {
      for await (const burst of merged) for (const { packet, process, peer } of burst) if (packet !== undefined) packets.push({ process, peer })
    })()
    // A server on the host, a client in a container.
    const after = await prepare(talk, AFTER, [], one.inside)
    const talks = [...before, ...after]
    try {
      await speak(talks)
      await new Promise(resolve => setTimeout(resolve, 300))
      merged.stop()
      await reading
    } finally {
      await merged.close()
      await end(talks)
    }
    const containers = new Map<number | undefined, string | undefined>([
      ...before.flatMap(({ server, client }) => [[server.pid, one.id], [client.pid, other.id]] as const),
      ...after.flatMap(({ server, client }) => [[server.pid, undefined], [client.pid, one.id]] as const),
    ])
    assert.ok(packets.length >= 2 * MESSAGES * talks.length, `${packets.length} packets`)
    for (const { process, peer } of packets) {
      assert.ok(containers.has(process?.pid) && containers.has(peer?.pid), `${process?.pid} to ${peer?.pid}`)
      assert.equal([process?.container, peer?.container], [containers.get(process!.pid), containers.get(peer!.pid)])
    }
    assert.is(new Set(packets.map(({ process }) => process?.pid)).size, containers.size)
  } finally {
    one.remove()
    other.remove()
  }
})
