import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { descriptors, sleep } from './child.js'
import { versionOf } from './rivals.js'

/** The machine as far as it explains the numbers. */
export interface Machine {
  cpu: string
  cores: number
  kernel: string
  memoryGb: number
  node: string
  sysring: string
  rivals: Record<string, string>
  load: number[]
  warnings: string[]
}

export function describe(rivals: readonly string[]): Machine {
  const foreign = tracers()
  const load = loadavg().map(value => Number(value.toFixed(2)))
  const warnings: string[] = []
  if (foreign.length > 0) warnings.push(`other BPF programs are loaded, by ${foreign.join(', ')}: they slow down every call, the untraced ones too`)
  if (load[0] > 0.5) warnings.push(`the machine is busy (load ${load[0]}): trust the ratios, and the minimum more than the median`)
  if (cpus().length < 2) warnings.push('one CPU only: the tracer shares it with the traced program')
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    kernel: release(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    sysring: (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version,
    rivals: Object.fromEntries(rivals.map(name => [name, versionOf(name) ?? 'not installed'])),
    load,
    warnings,
  }
}

export function machineText(machine: Machine): string[] {
  const { cpu, cores, kernel, memoryGb, node, sysring, rivals, load, warnings } = machine
  return [
    `machine   ${cpu}, ${cores} CPUs, ${memoryGb} GiB, Linux ${kernel}, load ${load.join(' ')}`,
    `versions  sysring ${sysring}, node ${node.slice(1)}, ${Object.entries(rivals).map(([name, version]) => `${name} ${version}`).join(', ')}`,
    ...warnings.map(text => `warning   ${text}`),
  ]
}

/** Names of the processes that have BPF programs loaded, apart from this one's children. */
export function tracers(): string[] {
  const names: string[] = []
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || !descriptors(pid).some(link => /^anon_inode:bpf[-_](prog|link)/.test(link))) continue
    try {
      names.push(`${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (${pid})`)
    } catch { /* ended meanwhile */ }
  }
  return names
}

/**
 * Waits, but not for longer than `patience` seconds, until nothing else has a BPF program loaded and the CPUs are idle.
 * Returns what share of them, in %, other programs had in the end.
 */
export async function quiet(patience: number): Promise<number> {
  const deadline = performance.now() + patience * 1000
  for (;;) {
    const before = cpuTimes()
    await sleep(250)
    const after = cpuTimes()
    const busy = 100 * (1 - (after.idle - before.idle) / Math.max(1, after.all - before.all))
    if ((busy <= 10 && tracers().length === 0) || performance.now() >= deadline) return Math.round(busy)
  }
}

function cpuTimes(): { idle: number; all: number } {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/)
  const numbers = ticks.map(Number)
  return { idle: numbers[3] + numbers[4], all: numbers.reduce((sum, value) => sum + value, 0) }
}
