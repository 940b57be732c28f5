import { readFileSync, writeFileSync } from 'node:fs'
import { guarded, native } from '../../native.js'
import { Threads } from '../../ring/threads.js'
import type { DriverInfo } from '../../native.js'
import { CaptureError } from '../../errors.js'
import type { CheckedLiveOptions } from '../options.js'
import type { Probe } from '../probe.js'
import { describeDriver, type Generation, generationOf } from './driver.js'
import { planCapture, type Wanted } from './plan.js'

/** Modules whose rings can be had in another size, and the parameter that says which: read by the module at open. */
const RING_PARAMETERS = ['scap', 'falco'].map(name => `/sys/module/${name}/parameters/g_buffer_bytes_dim`)

/** Opens the rings of the kernel module; `start()` lets records flow. */
export function openKmodProbe(options: CheckedLiveOptions): Probe {
  const sifts = !options.includeSelf || options.pidFilter !== 0
  let driver!: DriverInfo
  let generation!: Generation
  let wanted: Wanted | undefined
  const handle = withRingBytes(options.ringBytes, () => guarded(() => native().openKmod(found => {
    driver = { ...found, version: found.version || moduleVersion(found.device) }
    generation = generationOf(found)
    const planned = planCapture(driver, generation, options, sifts)
    wanted = planned.wanted
    return { ...planned.plan, ringBytes: ringBytes(options, driver, generation) }
  })))
  const threads = sifts ? new Threads({ ...options, ownPid: options.includeSelf ? undefined : driver.pid || process.pid }) : undefined
  return {
    info: { device: 'sysdig:kmod', driver: describeDriver(driver) },
    handle,
    hits: generation.hits,
    header: generation.header,
    sieve: wanted && { header: generation.header, ...wanted, threads },
    start() {
      guarded(() => handle.start())
      threads?.look()
    },
  }
}

/** What the module says of itself where there is no request for it. */
function moduleVersion(device: string): string {
  return read(`/sys/module/${device === 'sysdig' ? 'sysdig_probe' : device}/version`)
}

function ringBytes({ ringBytes }: CheckedLiveOptions, driver: DriverInfo, { ringBytes: possible, variable }: Generation): number[] {
  if (ringBytes === undefined) return [...possible]
  if (variable || possible.includes(ringBytes)) return [ringBytes]
  throw new CaptureError('ERR_CAPTURE_OPTION', `the rings of the kernel module ${describeDriver(driver)} are ${possible.map(size => size >> 20).join(' or ')} MiB`, 'leave ringBytes out, or use the eBPF probe: sysdig:bpf')
}

/** Runs `open` while the module's parameter says that size; whoever opens later gets what it said before. */
function withRingBytes<T>(ringBytes: number | undefined, open: () => T): T {
  const path = ringBytes === undefined ? undefined : RING_PARAMETERS.find(path => read(path) !== '')
  const before = path === undefined ? '' : read(path)
  if (path === undefined || Number(before) === ringBytes) return open()
  try {
    writeFileSync(path, String(ringBytes))
  } catch (cause) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `the kernel module does not take rings of ${ringBytes} bytes: ${(cause as Error).message}`, 'leave ringBytes out', cause)
  }
  try {
    return open()
  } finally {
    writeFileSync(path, before)
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
