// timeout: 240
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { joined, type Joined } from '../helpers/network.js'
import { compile } from '../helpers/program.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { BETWEEN, check, end, MESSAGES, prepare, speak, type Spoken, type Talk } from '../helpers/talk.js'
import type { Report } from './programs/listener.js'

const test = suite('attribution › namespaces', { needs: ['root', 'bpf', 'btf', 'cc', 'ip', 'nsenter', 'net_raw'], timeoutMs: 60_000 })
const talk = compile('talk')
const LISTENER = join(ROOT, 'test/interop/programs/listener.ts')

/** Starts a listener; it captures when this resolves. The result tells it what was spoken, and gives what it has heard. */
async function listen(inside: readonly string[], device: string): Promise<(spoken: readonly Spoken[]) => Promise<Report>> {
  const [command, ...args] = [...inside, process.execPath, '--import', 'tsx', LISTENER, device]
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
  const ended = once(child, 'exit')
  const message = async () => {
    const [said] = await Promise.race([once(child, 'message'), ended.then(([code]) => { throw new Error(`the listener ended with ${code}`) })])
    return said as unknown
  }
  assert.is(await message(), 'ready')
  return async (spoken) => {
    child.send(spoken)
    const report = await message() as Report
    await ended
    return report
  }
}

function judge(what: string, { findings, stats }: Report, spoken: readonly Spoken[]): void {
  const { seen, delivered, dropped, filtered, pending, late, attribution } = stats
  assert.is(seen, delivered + dropped.total + filtered + pending)
  check(what, findings, 2 * MESSAGES * spoken.length, late)
  const { packets, attributed, unknown, others, ambiguous } = attribution!
  assert.equal([packets, attributed, unknown, others, ambiguous], [packets, packets, 0, 0, 0])
}

async function within(body: (namespaces: Joined) => Promise<void>): Promise<void> {
  const namespaces = joined()
  try {
    await body(namespaces)
  } finally {
    namespaces.remove()
  }
}

for (const [side, whose] of ['client', 'server'].entries()) {
  test(`live: between two network namespaces, seen from the ${whose}'s`, () => within(async ({ inside }) => {
    const running = await prepare(talk, BETWEEN, inside[1], inside[0])
    try {
      const heard = await listen(inside[side], `veth${side}`)
      const spoken = await speak(running)
      judge(`the ${whose}'s end of a veth pair`, await heard(spoken), spoken)
    } finally {
      await end(running)
    }
  }))
}

/** With the same 5-tuples in both namespaces. */
const ALIKE: readonly Talk[] = [
  { proto: 'tcp', address: '127.0.0.1', port: 7341, from: 7441 },
  { proto: 'tcp', bind: '0.0.0.0', address: '127.0.0.1', port: 7342, from: 7442 },
  { proto: 'tcp', address: '127.0.0.1', port: 7343, from: 7443, early: true },
  { proto: 'tcp', address: '::1', port: 7344, from: 7444 },
  { proto: 'udp', address: '127.0.0.1', port: 7345, from: 7445 },
  { proto: 'udp', bind: '::', address: '127.0.0.1', port: 7346, from: 7446 },
  { proto: 'udp-connected', address: '::1', port: 7347, from: 7447, early: true },
]

for (const when of ['before', 'after']) {
  test(`live: the same addresses in two network namespaces, entered ${when} the capture began`, () => within(async ({ inside }) => {
    const heardEarly = when === 'after' ? await listen(inside[0], 'lo') : undefined
    const here = await prepare(talk, ALIKE, inside[0], inside[0])
    const there = await prepare(talk, ALIKE, inside[1], inside[1])
    try {
      const heard = heardEarly ?? await listen(inside[0], 'lo')
      const [spoken] = await Promise.all([speak(here), speak(there)])
      judge(`the same addresses in two namespaces, entered ${when} the capture began`, await heard(spoken), spoken)
    } finally {
      await Promise.all([end(here), end(there)])
    }
  }))
}
