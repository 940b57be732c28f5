import { isQueueAddress } from './cluster/address.js'
import type { QueueCapture, QueueOptions } from './cluster/capture.js'
import type { Capture } from './iface/capture.js'
import type { LiveCapture } from './iface/live.js'
import type { CapCapture, CapOptions } from './iface/nic/cap.js'
import type { NicCapture } from './iface/nic/capture.js'
import type { NicOptions } from './iface/nic/options.js'
import { LIVE_DEVICES, openLive } from './probe/open.js'
import type { LiveOptions } from './probe/options.js'

/** The names of the devices that are system calls. */
export type LiveDevice = 'sysdig' | 'sysdig:kmod' | 'sysdig:bpf'

/**
 * Opens an interface for live capture. `sysdig` is the system calls of this machine, by the best probe there is: the
 * kernel module where it is loaded, else our eBPF probe. `sysdig:kmod` and `sysdig:bpf` ask for one of them.
 *
 * Every other name is a network interface, whose packets are the events: `eth0`, read from a ring that is shared with the kernel.
 * `nic:NAME` is the same, for one that is called like another device. `cap:eth0` reads it with the npm package `cap`, where that is
 * installed; `capture.limits` says what that cannot do. `cluster:ID@QUEUE` is a queue of a balancer, of this process or another; see
 * balance().
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE, ERR_CAPTURE_PERM, ERR_CAPTURE_NO_PROBE, ERR_CAPTURE_OPTION, ERR_CAPTURE_FILTER; of the
 *   kernel module also ERR_CAPTURE_BUSY, ERR_CAPTURE_VERSION
 * @example
 * await using calls = await open('sysdig', { maxDurationMs: 10_000 })
 * for await (const burst of calls)
 *   for (const ev of burst) console.log(ev.ts, ev.tid, ev.name)
 * @example
 * await using packets = await open('eth0', { bpf: 'tcp port 443', snaplen: 96 })
 * for await (const burst of packets)
 *   for (const ev of burst) console.log(ev.ts, ev.len, ev.packet?.bytes.copy())
 */
export function open(device: LiveDevice, options?: LiveOptions): Promise<LiveCapture>
export function open(device: `cluster:${string}`, options?: QueueOptions): Promise<QueueCapture>
export function open(device: `cap:${string}`, options?: CapOptions): Promise<CapCapture>
export function open<D extends string>(device: string extends D ? never : D, options?: NicOptions): Promise<NicCapture>
export function open(device: string, options?: LiveOptions | NicOptions | CapOptions | QueueOptions): Promise<Capture>
export async function open(device: string, options: object = {}): Promise<Capture> {
  switch (deviceKind(device)) {
    case 'live':
      return openLive(device, options)
    case 'cap':
      return (await import('./iface/nic/cap.js')).openCap(device.slice(CAP.length), options)
    case 'queue':
      return (await import('./cluster/open.js')).openQueue(device, options)
    case 'nic':
      return (await import('./iface/nic/capture.js')).openNic(device.startsWith(NIC) ? device.slice(NIC.length) : device, options)
  }
}

const NIC = 'nic:'
const CAP = 'cap:'

/** @internal Whose options a device takes: those of system calls, of a network interface, of the package cap, or of a queue. */
export function deviceKind(device: string): 'live' | 'nic' | 'cap' | 'queue' {
  if (LIVE_DEVICES.includes(device)) return 'live'
  if (isQueueAddress(device)) return 'queue'
  return device.startsWith(CAP) ? 'cap' : 'nic'
}
