import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'

import { CaptureError } from './errors.js'

/** The C++ side of one probe. Methods that fail throw CaptureErrors; see native/addon/probe_handle.cc for the contract. */
export interface ProbeHandle {
  /** The CPU of each ring. */
  cpus(): number[]
  /** A ring's memory, mapped twice in a row. Read-only pages: a write through it ends the process. */
  data(ring: number): ArrayBuffer
  start(): void
  stop(): void
  /** Records nothing more of these processes, whose list takes the place of the one before. Nothing, where a sieve has to do that. */
  leaveOut(pids: Uint32Array): void
  /** Follows steps of the wall clock. Returns a CPU that has come online and is not seen, or −1. */
  tick(): number
  /** Writes [nowLo, nowHi, head of ring 0, …] into `state`. Returns a ring whose next record is not whole, or −1. */
  poll(state: Uint32Array): number
  /** Gives the bytes before each ring's tail back to the producer. False when a tail is not between tail and head. */
  release(tails: Uint32Array): boolean
  /** Writes n_evts, drops_buffer, drops_pf, preemptions, filtered of each ring into `out`, then drops without a ring. */
  counters(out: Float64Array): void
  /** Of the drops for want of room, how many were of which kind of call; empty where the producer does not say. */
  bufferDrops(): Record<string, number>
  /** Detaches the memory of all rings and frees the probe. */
  close(): void
  /** Of a synthetic probe: one record as its producer would write it; false when it was dropped. */
  produce(ring: number, record: Uint8Array): boolean
  /** Of a synthetic probe: changes a byte of a ring through the producer's own mapping. */
  poke(ring: number, offset: number, byte: number): void
}

export interface BpfProbeOptions {
  ringBytes: number
  snaplen: number
  /** More of recognised protocols, and all of ports from the first to the last; both 0: of none. */
  dynamicSnaplen: boolean
  fullPortsFirst: number
  fullPortsLast: number
  exitOnly: boolean
  selfTgid: number
  /** By system call number: what its two records are needed for, see lib/probe/decision.ts. */
  needs: Uint8Array
  pidFilter: 0 | 1 | 2
  pids: number[]
  pidChildren: boolean
  /** Of each tracepoint: 1 wanted, 2 needed by the state, 3 both. */
  procexit: number
  signaldeliver: number
  switch: number
  page_fault: number
  /** The predicate of what is wanted; undefined: not asked for. Comms are 15 bytes long at most. */
  matchPids: readonly number[] | undefined
  matchTids: readonly number[] | undefined
  matchComms: readonly string[] | undefined
  matchFailed: boolean
  /** No exit events of calls that failed. */
  dropFailed: boolean
}

/** The kernel module's driver, as it describes itself. */
export interface DriverInfo {
  /** Name of its nodes: "scap", "sysdig" or "falco". */
  device: string
  /** Empty where there is no request for it: before 0.23. */
  version: string
  /** As the driver packs them: major << 44 | minor << 24 | patch. 0n before 2021. */
  api: bigint
  schema: bigint
  /** How many event codes it has, if it can mask by event; else 0. */
  events: number
  /** This process in the initial pid namespace; 0 where there is no request for it. */
  pid: number
}

/** Where a driver keeps its counters: offsets in the page of counters, in bytes. */
export interface CounterLayout {
  dropsPf: number
  preemptions: number
  /** Drops for want of room by kind of call. */
  bufferDrops: Readonly<Record<string, number>>
}

/** An ioctl of the kernel module. */
export interface KmodRequest {
  /** For the error. */
  name: string
  number: number
  arg: number
  /** On every CPU's node; otherwise once. */
  each: boolean
}

/** What to do with the kernel module's driver. */
export interface KmodPlan {
  /** Possible sizes of a ring in bytes, the likeliest first. */
  ringBytes: number[]
  counters: CounterLayout
  /** Bytes of a record's header, 22 or 26. */
  header: number
  settings: KmodRequest[]
  start: KmodRequest[]
  stop: KmodRequest[]
}

/** One queue of a cluster, from the consumer's side; see native/addon/queue_handle.cc for the contract. */
export interface QueueHandle {
  /** What the producer says of the cluster: JSON, see lib/cluster/description.ts. */
  description(): string
  /** The queue's memory, mapped twice in a row. Read-only pages: a write through it ends the process. */
  data(): ArrayBuffer
  /** The position before which entries are complete: a number below 2^32. */
  poll(): number
  /** The position where this consumer goes on. */
  tail(): number
  /** Sleeps until so many bytes wait, or so many ms are over; blocks the thread. Returns what poll() does. */
  wait(bytes: number, ms: number): number
  /** Gives what lies before `tail` back to the producer. False when that is not between tail and head. */
  release(tail: number): boolean
  /** "running", "ended", "gone" (the producer has died) or "failed: REASON". */
  state(): string
  /** Does the producer run on this machine, and not on the other side of a virtual machine's memory? */
  isLocal(): boolean
  /** Writes the queue's counters, in the order of lib/cluster/counters.ts. */
  counters(out: Float64Array): void
  /** Records that wait, without copies for the state. */
  pending(): number
  /** Records that a balancing thread has taken from it. */
  taken(): number
  /** Detaches the memory and leaves the queue to the next consumer. */
  close(): void
}

/** A cluster from the producer's side; see native/addon/cluster_handle.cc for the contract. */
export interface ClusterHandle {
  /** Sends the descriptors of a queue's files, with a text, through the connected socket of that number. */
  sendFiles(socket: number, queue: number, reply: string): void
  /** [tid, pid, …] of threads that were there before. */
  setPids(pairs: Uint32Array): void
  /** [pid, fd, hash, …] of sockets that were there before. */
  setFlows(sockets: Uint32Array): void
  /** Distributes records `from` … `to` of a list (lib/balance/feed.ts); returns where it ended for want of room. */
  distribute(memory: Uint8Array, records: Uint32Array, from: number, to: number, wait: boolean, notes: Uint8Array): number
  /** Nobody reads that queue any more: distribute() does not wait for it. */
  abandon(queue: number): void
  /** From now on a thread reads these and distributes what it reads. */
  start(options: BalancerOptions): void
  /** Undefined while the thread runs; then null, or the error that ended it. */
  running(): Error | null | undefined
  /** Lets the thread distribute what is still there, and joins it. */
  stop(): void
  /** Of those who call distribute(): nothing more will come. */
  end(reason?: string): void
  /** They are still there; at least ten times a second. */
  beat(): void
  /** Writes the counters of all queues, then records seen, refused, late, ns of CPU time. */
  counters(out: Float64Array): void
  /** Does somebody consume that queue? */
  attached(queue: number): boolean
  close(): void
}

export interface BalancerOptions {
  sources: readonly BalancerSource[]
  windowNs: number
  maxWaitMs: number
  /** −1: any. */
  cpu: number
}

/** What a balancing thread can read by itself. Records of it get interface number `iface` and those after it. */
export type BalancerSource =
  | { kind: 'probe'; handle: ProbeHandle; iface: number; header: number }
  | { kind: 'nic'; handle: NicHandle; iface: number }
  | { kind: 'queue'; handle: QueueHandle; iface: number }

export interface ClusterMemoryOptions {
  /** Of a named file; '' for memory without a name. */
  path: string
  mode: number
  /** Of a named file that is made; −1: the process's own. */
  owner: number
  group: number
  queueBytes: readonly number[]
  description: string
}

export interface DistributionOptions {
  applications: readonly { key: string; queues: number }[]
  queues: readonly { wanted?: Uint8Array; snaplen: number }[]
  traits: Int8Array
  copiesState: boolean
}

export interface AttachOptions {
  path: string
  /** It is a socket to ask for the files, not the memory itself. */
  isSocket: boolean
  queue: number
  request: string
  timeoutMs: number
}

/** The C++ side of a network interface's packet ring; see native/addon/nic_handle.cc for the contract. */
export interface NicHandle {
  /** LINKTYPE_* of its packets. */
  linktype(): number
  /** The whole ring. Read-only pages: a write through it ends the process. */
  data(): ArrayBuffer
  start(): void
  stop(): void
  /** Writes the offset of the first packet's header and the number of packets of the oldest ready block; false: there is none. */
  next(found: Uint32Array): boolean
  /** Gives that block back to the kernel. */
  release(): void
  /** Writes the packets that passed the filter, those of them that were dropped, and how often the ring was full. */
  counters(out: Float64Array): void
  /** The errno for which no more packets come, or 0. */
  error(): number
  /** Detaches the memory and leaves the interface. */
  close(): void
}

/** Checked in lib/iface/nic/options.ts. */
export interface NicRingOptions {
  interface: string
  ringBytes: number
  /** A block with packets is handed over after so many milliseconds at most. */
  retireMs: number
  snaplen: number
  promiscuous: boolean
  fanout: { mode: number; group: number } | undefined
  bpf: string | undefined
}

/** The C++ side of a NIC that frames are sent to; see native/addon/sender_handle.cc. */
export interface SenderHandle {
  /**
   * How many of the frames, which lie back to back in `frames`, are settled: sent, or counted as not sent. Where `numbered` is not 0
   * the frame's last four bytes become its sequence number, which is used up by being sent. Never waits.
   */
  send(frames: Uint8Array, lengths: Uint32Array, numbered: Uint8Array): number
  /** Sends a frame that is in no count; false when that fails. */
  notify(frame: Uint8Array): boolean
  /** The sequence number of the next numbered frame. */
  sequence(): number
  /** Counts so many frames as not sent for want of room. */
  giveUp(count: number): void
  /** Writes sent, their bytes, too_long, too_short, no_buffer, down, other. */
  counters(out: Float64Array): void
  close(): void
}

/** The C++ side of an interface that was made to be written to; see native/addon/tap_handle.cc. */
export interface TapHandle {
  /** Writes frames of what lies in up to 64 sources, four numbers each: TapFrame of native/nic/tap.h. Never waits: each is written or counted. */
  write(sources: readonly Uint8Array[], frames: Uint32Array): void
  /** Writes frames written, their bytes, too_short, no_buffer, down, other. */
  counters(out: Float64Array): void
  /** Removes the interface. */
  close(): void
}

/** A network interface of this network namespace. */
export interface NetworkInterface {
  name: string
  index: number
  /** LINKTYPE_* of what is read from it; 0: none that this library knows. */
  linktype: number
  mtu: number
  up: boolean
  loopback: boolean
}

interface Addon {
  makeCluster(memory: ClusterMemoryOptions, distribution: DistributionOptions): ClusterHandle
  /** A text is what the producer says instead of giving the queue. */
  attachQueue(options: AttachOptions): Promise<QueueHandle | string>
  /** The calling thread runs on that CPU only; false if that cannot be. */
  pinThread(cpu: number): boolean
  openBpf(options: BpfProbeOptions): ProbeHandle
  /** Opens the kernel module's nodes, asks what to do with the driver found behind them, and does it. */
  openKmod(plan: (driver: DriverInfo) => KmodPlan): ProbeHandle
  openSynthetic(cpus: number, ringBytes: number): ProbeHandle
  /** All threads and open files that BPF iterators see, as records: see lib/state/iterators.ts. Files of one process at most. */
  readKernelState(maxFds: number): { threads: Buffer; files: Buffer }
  /** What the kernel says instead of having a feature of lib/probe/features.ts, '' if it has it. */
  missingFeature(name: string): string
  openNic(options: NicRingOptions): NicHandle
  /** `bypassQdisc`: straight to the driver, past the queueing discipline. */
  openSender(name: string, bypassQdisc: boolean): SenderHandle
  /** Makes that interface, which goes when the handle is closed. `headers`: two Ethernet headers for records to choose from. */
  openTap(name: string, headers: Uint8Array): TapHandle
  /** In the order of their indices. */
  interfaces(): NetworkInterface[]
  /** Compiles a filter in tcpdump's language, and says how many instructions it has. */
  compileFilter(expression: string, linktype: number, snaplen: number): number
}

let addon: Addon | undefined

/** The addon, loaded when it is first needed: reading files works without it, on any system. */
export function native(): Addon {
  return (addon ??= load())
}

/** Where the addon is looked for, best first. */
export function addonPaths(): string[] {
  // From lib/ in a clone run by tsx, and from dist/ in the bundle: both one level below the package.
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  return [
    join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'sysring.node'),
    join(root, 'native', 'build', 'Release', 'sysring.node'),
  ]
}

function load(): Addon {
  const path = addonPaths().find(existsSync)
  if (path === undefined) {
    const linux = process.platform === 'linux'
    throw new CaptureError(
      'ERR_CAPTURE_NO_PROBE',
      linux ? `the native addon is not built for ${process.platform}-${process.arch}` : `live capture needs Linux, this is ${process.platform}`,
      linux ? 'in a clone: npm run setup' : 'read a file instead: sysring dump -r trace.scap',
    )
  }
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (cause) {
    throw new CaptureError('ERR_CAPTURE_NO_PROBE', `the native addon does not load: ${(cause as Error).message}`, 'build it for this system: npm run build:native', cause)
  }
}

/** Runs a call into the addon and turns what it throws into a CaptureError. */
export function guarded<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw captureError(error)
  }
}

/** What the addon throws, as a CaptureError; anything else as it is. */
export function captureError(error: unknown): unknown {
  if (error instanceof CaptureError || !(error instanceof Error) || !('hint' in error)) return error
  const { code, message, hint } = error as Error & { code: CaptureError['code']; hint: string }
  return new CaptureError(code, message, hint)
}
