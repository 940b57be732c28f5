/** Known bytes between two network namespaces: every analyzer that counts bytes of the network reports exactly these. */
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Report, RunOptions } from '../../lib/analyze/index.js'
import { watching } from '../helpers/analysis.js'
import { joined } from '../helpers/network.js'
import { type Program, start } from '../helpers/program.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('traffic', { needs: ['root', 'bpf', 'btf', 'nsenter', 'python3'], timeoutMs: 180_000 })

const PROGRAM = join(ROOT, 'test/kernel/programs/traffic.py')
const TALKS: [proto: 'tcp' | 'udp', address: string, options: string[]][] = ['10.231.7.2', 'fd00:231:7::2'].flatMap((address): typeof TALKS => [
  ['tcp', address, []], ['tcp', address, ['exit']], ['tcp', address, ['early']], ['udp', address, []], ['udp', address, []],
])

/** What a process says that it has sent and received. */
interface Moved {
  pid: number
  proto: 'tcp' | 'udp'
  early: boolean
  exits: boolean
  in: number
  out: number
  local: [string, number]
  remote: [string, number]
}

/** An analyzer that is running, and looks at these processes. */
async function started(name: string, allow: readonly number[], options: Partial<RunOptions>): Promise<() => Promise<Report[]>> {
  const end = await watching(name, options, { pids: { allow } })
  return async () => {
    const reports = await end()
    assert.is(reports.at(-1)!.stats!.dropped.total, 0, `${name}: nothing was dropped`)
    return reports
  }
}

/** Processes that are ready to talk. */
async function prepared([near, far]: readonly [string[], string[]]): Promise<{ pids: number[]; go(): Promise<Moved[]> }> {
  const launch = (role: string, [command, ...prefix]: string[], index: number) => {
    const [proto, address, options] = TALKS[index]
    return start(command, [...prefix, 'python3', PROGRAM, role, proto, address, 7400 + index, ...options])
  }
  const running: { index: number; program: Program }[] = []
  for (const [index, [, , options]] of TALKS.entries()) {
    const server = launch('server', far, index)
    // One that is to be connected before is ready only then; the others listen when they are.
    const early = options.includes('early')
    if (!early) await server
    else await sleep(1000)
    running.push(...(await Promise.all([server, launch('client', near, index)])).map(program => ({ index, program })))
  }
  return {
    pids: running.map(({ program }) => program.pid),
    async go() {
      for (const { program } of running) program.go()
      return Promise.all(running.map(async ({ index, program }) => {
        const [proto, , options] = TALKS[index]
        const said = JSON.parse(await program.output) as Pick<Moved, 'in' | 'out' | 'local' | 'remote'>
        return { pid: program.pid, proto, early: options.includes('early'), exits: options.includes('exit'), ...said }
      }))
    },
  }
}

const ends = (one: string, other: string) => [one, other].sort().join(' ')

for (const workers of [1, 2]) test(`proctraffic, topprocs_net, topconns and tcplife tell of exactly these bytes, ${workers === 1 ? 'on one thread' : 'on two'}`, async () => {
  const network = joined()
  try {
    const talks = await prepared(network.inside)
    const { pids } = talks
    const [traffic, processes, connections, lives] = await Promise.all([
      started('proctraffic', pids, { args: { seconds: 0.5 }, workers }), started('topprocs_net', pids, { workers }),
      started('topconns', pids, { workers }), started('tcplife', pids, { workers }),
    ])
    await sleep(500)
    const moved = await talks.go()
    await sleep(500)
    const total = moved.reduce((sum, { in: received, out }) => sum + received + out, 0)
    assert.ok(moved.length === 20 && total > 1_000_000, `${total} bytes of ${moved.length} processes`)

    const intervals = await traffic()
    const last = new Map(intervals.findLast(({ rows }) => rows.length > 0)!.rows.map(([pid, ...row]) => [pid, row]))
    for (const { pid, in: received, out } of moved) {
      assert.equal(last.get(pid)?.slice(0, 3), ['traffic', received, out], `proctraffic of ${pid}`)
      const own = intervals.flatMap(({ rows }) => rows.filter(row => row[0] === pid))
      assert.equal([4, 5].map(i => own.reduce((sum, row) => sum + Number(row[i]), 0)), [received, out], `intervals of ${pid}`)
      own.forEach((row, i) => {
        const before = i === 0 ? 0 : Number(own[i - 1][4]) + Number(own[i - 1][5])
        assert.is(row[6], Number(row[4]) + Number(row[5]) - before, `DiffLast of ${pid}`)
      })
    }
    assert.is(last.size, moved.length)

    const byProcess = (await processes()).at(-1)!.rows.map(([bytes, name, pid]) => [pid, name, bytes].join(' ')).sort()
    assert.equal(byProcess, moved.map(({ pid, in: received, out }) => [pid, 'traffic', received + out].join(' ')).sort())

    const byConnection = new Map<string, number>()
    for (const [bytes, proto, name] of (await connections()).at(-1)!.rows) {
      const key = `${proto} ${ends(...String(name).split('->') as [string, string])}`
      byConnection.set(key, (byConnection.get(key) ?? 0) + Number(bytes))
    }
    const expected = new Map<string, number>()
    for (const { proto, local, remote, in: received, out } of moved) {
      const key = `${proto} ${ends(local.join(':'), remote.join(':'))}`
      expected.set(key, (expected.get(key) ?? 0) + received + out)
    }
    assert.equal([...byConnection].sort(), [...expected].sort())

    const told = (await lives()).flatMap(({ rows }) => rows).map(([, name, pid, laddr, lport, raddr, rport, sent, received, duration, end]) =>
      [pid, name, laddr, lport, raddr, rport, sent, received, duration === undefined ? 'before' : 'whole', end].join(' '))
    assert.equal(told.sort(), moved.filter(({ proto }) => proto === 'tcp').map(({ pid, local, remote, in: received, out, early, exits }) =>
      [pid, 'traffic', ...local, ...remote, out, received, early ? 'before' : 'whole', exits ? 'exit' : 'close'].join(' ')).sort())
    console.log(`\nNOTE ${total} bytes of ${moved.length} processes, ${expected.size} connections`)
  } finally {
    network.remove()
  }
})
