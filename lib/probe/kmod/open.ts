import { readFileSync, writeFileSync } from 'node:fs'
import { CaptureError } from '../../errors.js'
import { type DriverInfo, guarded, native } from '../../native.js'
import { Threads } from '../../ring/threads.js'
import { withoutDecision } from '../decision.js'
import type { CheckedLiveOptions } from '../options.js'
import type { Probe } from '../probe.js'
import { describeDriver, type Generation, generationOf } from './driver.js'
import { planCapture } from './plan.js'
import type { Wanted } from './wanted.js'

/** Modules whose rings can be had in another size, and the parameter that says which: read by the module at open. */
const RING_PARAMETERS = ['scap', 'falco'].map(name => `/sys/module/${name}/parameters/g_buffer_bytes_dim`)

/** Opens the rings of the kernel module; `start()` lets records flow. */
export function openKmodProbe(checked: CheckedLiveOptions): Probe {
  const options = withoutDecision(checked)
  const sifts = !options.includeSelf || options.pidFilter !== 0
  let driver!: DriverInfo
  let generation!: Generation
  let wanted: Wanted | undefined
  let threads: Threads | undefined
  const restore = setRingBytes(options.ringBytes)
  let handle
  try {
    handle = guarded(() => native().openKmod(found => {
      // The rings are made by now.
      restore()
      generation = generationOf(found)
      driver = { ...found, version: found.version || moduleVersion(found.device) }
      if (sifts) threads = new Threads({ ...options, withoutSelf: !options.includeSelf, ownPid: found.pid })
      const planned = planCapture(driver, generation, options, sifts)
      wanted = planned.wanted
      return { ...planned.plan, ringBytes: ringBytes(options, driver, generation) }
    }))
  } finally {
    restore()
  }
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
  const sizes = possible.map(size => size >> 20).join(' or ')
  throw new CaptureError(
    'ERR_CAPTURE_OPTION', `the rings of the kernel module ${describeDriver(driver)} are ${sizes} MiB`, 'leave ringBytes out, or use the eBPF probe: sysdig:bpf',
  )
}

/** Has the module make rings of that size; returns what sets its parameter back, once, for whoever opens it next. */
function setRingBytes(ringBytes: number | undefined): () => void {
  const path = ringBytes === undefined ? undefined : RING_PARAMETERS.find(path => read(path) !== '')
  let before = path === undefined ? '' : read(path)
  if (path === undefined || Number(before) === ringBytes) return () => {}
  write(path, String(ringBytes))
  return () => {
    if (before !== '') write(path, before)
    before = ''
  }
}

function write(path: string, value: string): void {
  try {
    writeFileSync(path, value)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CaptureError('ERR_CAPTURE_PERM', `cannot set the size of the kernel module's rings: ${message}`, 'run as root', cause)
    }
    throw new CaptureError('ERR_CAPTURE_OPTION', `the kernel module does not take rings of ${value} bytes: ${message}`, 'leave ringBytes out', cause)
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
