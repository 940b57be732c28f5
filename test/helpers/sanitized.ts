import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ROOT, run } from './run.js'

/** Of native/, what runs without Node and without a kernel. */
const SOURCES = [
  'ring/ring.cc', 'probe/synthetic/synthetic_probe.cc', 'nic/packet_block.cc',
  ...['file', 'memory', 'attached_queue', 'passing', 'queue'].map(name => `cluster/${name}.cc`),
  ...['balancer', 'distributor', 'packet_flow', 'processes', 'queue_source', 'ring_source'].map(name => `balance/${name}.cc`),
]
/** The programs of native/tests, by the sanitizers that can find something in them. */
const THREADED = ['rings', 'queue', 'consumers', 'order', 'balancer']
export const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'address,undefined': [...THREADED, 'packets', 'files', 'distributor', 'flows'],
  thread: THREADED,
}
export const NEEDS = ['linux', 'g++', 'setarch'] as const

/** Compiles what the programs share. */
export async function library(folder: string, sanitizers: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await compile(folder, sanitizers, ['-c', ...SOURCES.map(source => join(ROOT, 'native', source))])
}

/** Compiles a program of native/tests with that library and runs it: every test of it must say ok, and no sanitizer anything. */
export async function runSanitized(folder: string, sanitizers: string, program: string, args: readonly string[] = [], timeoutMs = 60_000): Promise<void> {
  const objects = SOURCES.map(source => source.replace(/^.*\//, '').replace(/cc$/, 'o'))
  await compile(folder, sanitizers, ['-o', program, join(ROOT, 'native/tests', `${program}.cc`), ...objects])
  // The thread sanitizer cannot live with every address space layout.
  const { code, signal, stdout, stderr } = await run('setarch', ['-R', join(folder, program), ...args], { timeoutMs })
  assert.is(code, 0, `${signal ?? ''} ${stdout} ${stderr}`)
  assert.match(stdout, /^(ok \w+\n)+all\n$/)
  assert.is(stderr, '')
}

async function compile(cwd: string, sanitizers: string, args: readonly string[]): Promise<void> {
  // That the thread sanitizer does not know fences is a warning: what they order is checked by native/tests/model.
  const flags = ['-std=c++20', '-g', '-O1', '-pthread', '-Wno-tsan', `-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all']
  const { code, stderr } = await run('g++', [...flags, ...args], { cwd, timeoutMs: 120_000 })
  assert.is(code, 0, stderr)
}
