/**
 * Stands in for the kernel module: a driver of any release, played from files by the shared library of test/kmod/standin, with
 * the test itself as the producer of its records. See test/kmod/standin/preload.c for how it gets between us and the kernel.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Driver, firstTracepoints, packed, sharesMask, TRACEPOINT } from './drivers.js'
import { ProducerRing } from './ring.js'
import { folder } from '../../helpers/folder.js'
import { missing } from '../../helpers/needs.js'
import { ROOT } from '../../helpers/run.js'

const { path: home, file } = folder()
export const NEEDS = ['linux', 'cc'] as const

/** Builds the library; returns its path. */
export function buildStandin(): string {
  const sources = ['preload', 'driver', 'consumer', 'rules'].map(name => join(ROOT, `test/kmod/standin/${name}.c`))
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', file('standin.so'), ...sources, '-lpthread'], { stdio: ['ignore', 'inherit', 'inherit'] })
  return file('standin.so')
}

/** To be called first by a test file: starts it again with the library loaded and ends with that process' exit code. */
export function preload(): void {
  if (process.env.LD_PRELOAD !== undefined || missing(NEEDS) !== undefined) return
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, LD_PRELOAD: buildStandin() },
  })
  process.exit(status ?? 1)
}

/** A step of the driver that fails: 'open'; 'ioctl' with its number; 'mmap' of the data, 0, or the info page, 1. */
export interface Fault {
  step: 'open' | 'ioctl' | 'mmap'
  cpu?: number
  nr?: number
  errno: number
}

export interface StandinOptions {
  /** A letter per CPU: + online, − offline, ? online, but its device node is missing. */
  cpus?: string
  /** /dev/NAME0, where it is not the release's own. */
  device?: string
  /** The module parameter, where the release has it. */
  ringBytes?: number
  maxConsumers?: number
  faults?: readonly Fault[]
}

/** A line of the log. */
export interface Call {
  call: 'open' | 'ioctl' | 'mmap' | 'munmap' | 'close' | 'release'
  /** Number of the consumer, −1 where the call made none. */
  consumer: number
  cpu: number
  tid: number
  /** ioctl: its number; mmap: the length. */
  nr: number
  /** open: flags; ioctl: argument; mmap: PROT_*. */
  arg: number
  /** 0, a value, or a negative errno. */
  result: number
}

/** An event as its tracepoint and the masks see it. */
export interface Hit {
  bytes: Uint8Array
  /** x86-64 number of the system call, if it is one. */
  syscall?: number
  tracepoint?: keyof typeof TRACEPOINT
  /** Drop category. */
  category?: string
}

export class Standin {
  readonly driver: Driver
  readonly path: string
  #cpus: string
  readonly #options: StandinOptions
  readonly #rings = new Map<string, ProducerRing>()

  /** Makes the folder, and plays this driver from now on. */
  constructor(driver: Driver, options: StandinOptions = {}) {
    mkdirSync(home, { recursive: true })
    this.driver = driver
    this.path = mkdtempSync(file('driver-'))
    this.#cpus = options.cpus ?? '++'
    this.#options = options
    const device = options.device ?? driver.device
    const nodes = driver.onlineOnly === true ? /\+/ : /[+-]/
    for (let cpu = 0; cpu < this.#cpus.length; cpu++) if (nodes.test(this.#cpus[cpu])) this.#put(`dev/${device}${cpu}`, '')
    this.#put('sys/devices/system/cpu/possible', `0-${this.#cpus.length - 1}\n`)
    this.#putOnline()
    this.#put(`sys/module/${this.module}/version`, `${driver.version}\n`)
    this.#put(`sys/module/${this.module}/parameters/max_consumers`, `${options.maxConsumers ?? 5}\n`)
    if (driver.ring === 0) this.#put(`sys/module/${this.module}/parameters/g_buffer_bytes_dim`, `${options.ringBytes ?? 8 << 20}\n`)
    this.fail(...(options.faults ?? []))
    process.env.STANDIN = this.path
  }

  get module(): string {
    return this.driver.device === 'sysdig' ? 'sysdig_probe' : (this.#options.device ?? 'scap')
  }

  get online(): number[] {
    return [...this.#cpus].flatMap((state, cpu) => (state === '-' ? [] : [cpu]))
  }

  #put(name: string, text: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true })
    writeFileSync(join(this.path, name), text)
  }

  #putOnline(): void {
    this.#put('sys/devices/system/cpu/online', `${this.online.join(',')}\n`)
    for (let cpu = 1; cpu < this.#cpus.length; cpu++) this.#put(`sys/devices/system/cpu/cpu${cpu}/online`, `${Number(this.#cpus[cpu] !== '-')}\n`)
  }

  /** Another state of the CPUs from now on; consumers that are there keep the rings that they have. */
  plug(cpus: string): void {
    this.#cpus = cpus
    this.#putOnline()
    this.fail()
  }

  /** The steps that fail from now on. */
  fail(...faults: readonly Fault[]): void {
    const { driver } = this
    const bits = (numbers: Iterable<number>) => [...numbers].reduce((set, bit) => set | (1n << BigInt(bit)), 0n)
    // Limits of 2014: MASK_SET took one event too many, and MASK_UNSET was held to the number of system calls.
    const early = driver.mask === 'events' && driver.header === 22
    const syscalls = driver.mask === 'syscalls'
    this.#put('driver', Object.entries({
      possible: bits(Array(this.#cpus.length).keys()),
      online: bits(this.online),
      ring: driver.ring,
      ioctls: bits(driver.ioctls),
      single: Number(driver.single ?? false),
      max_consumers: this.#options.maxConsumers ?? 5,
      api: packed(driver.api ?? '0.0.0'),
      schema: packed(driver.schema ?? '0.0.0'),
      mask_bits: syscalls ? 512 : driver.eventMax,
      set_limit: syscalls ? 512 : early ? driver.eventMax + 1 : driver.eventMax,
      unset_limit: syscalls ? 512 : early ? 323 : driver.eventMax,
      mask_full: Number(!driver.ioctls.has(31)),
      global_mask: Number(sharesMask(driver)),
      global_tps: Number(driver.ioctls.has(1)),
      tps: firstTracepoints(driver),
      enabled: Number(driver.enabledByOpen ?? false),
      snaplen_max: driver.snaplenMax,
      version: driver.version,
      module: this.module,
    }).map(([key, value]) => `${key} ${value}\n`).join('') + faults.map(({ step, cpu = -1, nr = 0, errno }) => `fail ${step} ${cpu} ${nr} ${errno}\n`).join(''))
  }

  log(): Call[] {
    try {
      return readFileSync(join(this.path, 'log'), 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line) as Call)
    } catch {
      return []
    }
  }

  /** Numbers of all consumers so far, the oldest first. */
  consumers(): number[] {
    return readdirSync(this.path).flatMap(name => /^consumer(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b)
  }

  /** What the driver holds of a consumer; the newest one unless said otherwise. */
  consumer(id = this.consumers().at(-1)!): Consumer {
    const state = JSON.parse(readFileSync(join(this.path, `consumer${id}.json`), 'utf8')) as ConsumerFile
    const mask = Buffer.from(state.mask, 'hex')
    const cpus = (bits: string) => this.online.filter(cpu => (BigInt(bits) >> BigInt(cpu)) & 1n)
    return {
      ...state, open: cpus(state.open), enabled: cpus(state.enabled),
      // The early drivers let one bit too many be set, and never look at it.
      mask: Array.from({ length: this.driver.mask === 'syscalls' ? 512 : this.driver.eventMax }, (_, bit) => bit).filter(bit => (mask[bit >> 3] >> (bit & 7)) & 1),
    }
  }

  ring(cpu: number, id = this.consumers().at(-1)!): ProducerRing {
    const key = `consumer${id}.ring${cpu}`
    let ring = this.#rings.get(key)
    if (ring === undefined) this.#rings.set(key, (ring = new ProducerRing(join(this.path, key), this.consumer(id).ring, this.driver)))
    return ring
  }

  /** Would the driver look at this hit on that CPU for that consumer? */
  wants({ bytes, syscall, tracepoint }: Hit, cpu: number, { enabled, mask, tps, open }: Consumer): boolean {
    const type = bytes[20] | (bytes[21] << 8)
    if (!enabled.includes(cpu)) return false
    if (this.driver.needsAll === true && open.length < this.online.length) return false
    if ((tps >> TRACEPOINT[tracepoint ?? (type & 1 ? 'sys_exit' : 'sys_enter')] & 1) === 0) return false
    if (this.driver.mask === 'events') return mask.includes(type)
    return this.driver.mask === 'none' || syscall === undefined || mask.includes(syscall)
  }

  /** A hit on that CPU, for each consumer that wants it. Returns how many records it made. */
  hit(cpu: number, hit: Hit): number {
    let made = 0
    for (const id of this.consumers()) {
      const consumer = this.consumer(id)
      if (this.wants(hit, cpu, consumer) && this.ring(cpu, id).produce(hit.bytes, hit.category)) made++
    }
    return made
  }

  /** Closes what the test holds and removes the folder. */
  remove(): void {
    for (const ring of this.#rings.values()) ring.close()
    rmSync(this.path, { recursive: true, force: true })
  }
}

interface ConsumerFile {
  id: number
  tid: number
  ring: number
  open: string
  enabled: string
  snaplen: number
  sampling: number
  tps: number
  dynamicSnaplen: number
  dropFailed: number
  pageFaults: number
  mask: string
}

export interface Consumer extends Omit<ConsumerFile, 'open' | 'enabled' | 'mask'> {
  /** CPUs. */
  open: number[]
  enabled: number[]
  /** Numbers of the events or system calls in the mask. */
  mask: number[]
}
