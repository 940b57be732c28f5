import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('BPF programs of both architectures', { needs: ['clang', 'llvm-readelf', 'btf', 'bpftool'], timeoutMs: 120_000 })
const { file } = folder()

/** Of every architecture; x86 has two tracepoints more. */
const PROBE = ['sys_enter', 'sys_exit', 'exit_network', 'exit_process', 'exit_exec', 'exit_control', 'exit_messages', 'sched_process_exec', 'sched_process_exit', 'signal_deliver', 'sched_switch']
const PAGE_FAULTS = ['page_fault_user', 'page_fault_kernel']
const TYPES = 'native/build/vmlinux.h'

function programs(target: string, source: string): string[] {
  const object = file(`${target}.${source}.o`)
  const includes = ['-Inative', '-Inative/build', '-Inative/probe/bpf']
  execFileSync('clang', ['-O2', '-g', '-Wall', '-target', 'bpf', '-mcpu=v3', `-D__TARGET_ARCH_${target}`, ...includes, '-c', `native/probe/bpf/${source}`, '-o', object],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'] })
  const symbols = execFileSync('llvm-readelf', ['--symbols', '--wide', object], { encoding: 'utf8' })
  // Section 2 is .text: functions that the programs share.
  return [...symbols.matchAll(/FUNC +GLOBAL +DEFAULT +(\d+) (\w+)/g)].filter(([, section]) => section !== '2').map(([, , name]) => name).sort()
}

for (const [target, probe] of [['x86', [...PROBE, ...PAGE_FAULTS]], ['arm64', PROBE]] as const) {
  test(`${target}: all programs compile, whichever kernel the types are of`, () => {
    assert.ok(existsSync(join(ROOT, TYPES)), 'npm run build:native')
    assert.equal(programs(target, 'probe.bpf.c'), [...probe].sort())
    assert.equal(programs(target, 'iterators.bpf.c'), ['files', 'threads'])
  })
}
