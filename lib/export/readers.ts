import { lstatSync } from 'node:fs'
import { Proc } from '../state/proc.js'
import { ETHERTYPE } from './framing.js'

/** A process that gets what comes in at a network interface. */
export interface InterfaceReader {
  pid: number
  comm: string
  /** It has a packet socket itself; otherwise it reads what such a process writes, as Wireshark what dumpcap does. */
  socket: boolean
}

/** How often the kernel's list of packet sockets is looked at, in ms: that takes it microseconds. */
const LOOK_MS = 50
/** When the processes are looked through after that list has changed, in ms: who reads what the reader writes may come later. */
const SCANS_MS = [0, 100, 300, 1000, 3000]
/** How long a scan may keep the event loop waiting, in ms. */
const SLICE_MS = 4
/** Readers that are told of at most. */
const MAX_READERS = 256

const ETH_P_ALL = 3
const STDOUT = 1
const STDERR = 2
const PROC = new Proc()

/**
 * Follows who reads a network interface: the processes that have a packet socket on it, or on all interfaces, and those that read what
 * these write, through a pipe or from a file.
 *
 * The kernel says at once what packet sockets there are (/proc/net/packet), but not whose: only when that list has changed the
 * descriptors of the processes are looked through, some at a time. So a reader is known about LOOK_MS after it has opened its socket, and
 * one behind it a little later. Processes whose descriptors this one may not see are not found, nor are those that get it over a socket
 * or a terminal.
 *
 * @example
 * using readers = new Readers(tap.index, found => capture.leaveOut(found.map(({ pid }) => pid)))
 * await readers.start()
 */
export class Readers implements Disposable {
  readonly #index: number
  readonly #changed: (readers: readonly InterfaceReader[]) => void
  #timer: NodeJS.Timeout | undefined
  #scanning: Promise<void> | undefined
  #sockets = ''
  /** Scans that are still to be made, by performance.now(). */
  #due: number[] = []
  #readers: readonly InterfaceReader[] = []
  #closed = false

  /** `index`: of the interface. `changed` is called with all of them whenever there are others than before. */
  constructor(index: number, changed: (readers: readonly InterfaceReader[]) => void) {
    this.#index = index
    this.#changed = changed
  }

  /** Looks for the first time, and goes on until it is closed. */
  async start(): Promise<void> {
    this.#look()
    await this.#scanning
    if (!this.#closed) this.#timer = setInterval(() => this.#look(), LOOK_MS)
  }

  /** Those that are known, processes with sockets first. */
  get list(): readonly InterfaceReader[] {
    return this.#readers
  }

  /** Packet sockets on the interface, whoever has them. */
  get sockets(): number {
    return this.#sockets === '' ? 0 : this.#sockets.split(' ').length
  }

  #look(): void {
    const now = performance.now()
    const sockets = packetSockets(this.#index).join(' ')
    if (sockets !== this.#sockets) {
      this.#sockets = sockets
      this.#due = SCANS_MS.map(ms => now + ms)
    }
    if (this.#scanning !== undefined || !(this.#due[0] <= now)) return
    this.#due = this.#due.filter(due => due > now)
    this.#scanning = this.#scan(sockets).finally(() => { this.#scanning = undefined })
  }

  async #scan(sockets: string): Promise<void> {
    const readers = sockets === '' ? [] : await readersOf(new Set(sockets.split(' ').map(inode => `socket:[${inode}]`)))
    const before = this.#readers
    if (this.#closed || (readers.length === before.length && readers.every(({ pid }, i) => pid === before[i].pid))) return
    this.#readers = readers
    this.#changed(readers)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Inodes of the packet sockets that get what comes in at the interface of that index. */
function packetSockets(index: number): string[] {
  // sk RefCnt Type Proto Iface R Rmem User Inode; Proto in hexadecimal, Iface 0 is any.
  const rows = (PROC.text('net/packet') ?? '').trimEnd().split('\n').slice(1).map(line => line.trim().split(/ +/))
  return rows.flatMap(([, , , protocol, iface, , , , inode]) => {
    const gets = [ETH_P_ALL, ETHERTYPE].includes(parseInt(protocol, 16)) && (Number(iface) === index || Number(iface) === 0)
    return gets ? [inode] : []
  })
}

/** A descriptor of a process, and what it is: "pipe:[123]", "socket:[123]", or a path. */
interface Descriptor {
  pid: number
  fd: number
  target: string
}

/** Who has one of these sockets, and who reads what those write, and so on. */
async function readersOf(sockets: ReadonlySet<string>): Promise<InterfaceReader[]> {
  const files = await openFiles(sockets)
  const found = new Set(files.filter(({ target }) => sockets.has(target)).map(({ pid }) => pid))
  const owners = found.size
  // A set's iteration goes on with what is added meanwhile.
  for (const pid of found) {
    if (found.size >= MAX_READERS) break
    const written = new Set(outputsOf(pid, files, sockets))
    if (written.size === 0) continue
    for (const each of files) {
      if (each.pid !== pid && written.has(each.target) && isOpenFor(each, READING) && !isOpenFor(each, WRITING)) found.add(each.pid)
    }
  }
  return [...found].slice(0, MAX_READERS).map((pid, i) => ({ pid, comm: PROC.text(`${pid}/comm`)?.trimEnd() ?? '', socket: i < owners }))
}

/** Pipes and files that a process may write packets to: not its standard error, nor what it was only left by its parent. */
function outputsOf(pid: number, files: readonly Descriptor[], sockets: ReadonlySet<string>): string[] {
  const writtenBy = (writer: number) => files.filter(each => each.pid === writer && !sockets.has(each.target) && isOpenFor(each, WRITING))
  const inherited = writtenBy(PROC.parent(pid)).map(({ target }) => target)
  return writtenBy(pid).filter(({ fd, target }) => fd === STDOUT || (fd !== STDERR && !inherited.includes(target))).map(({ target }) => target)
}

/** The pipes, files and these sockets that processes have open, but for devices and this process's own. */
async function openFiles(sockets: ReadonlySet<string>): Promise<Descriptor[]> {
  const files: Descriptor[] = []
  let pausedAt = performance.now()
  for (const pid of PROC.numbers('')) {
    if (pid === process.pid) continue
    for (const fd of PROC.numbers(`${pid}/fd`)) {
      const target = PROC.link(`${pid}/fd/${fd}`)
      if (target !== undefined && (target.startsWith('pipe:') || sockets.has(target) || (target.startsWith('/') && !target.startsWith('/dev/')))) files.push({ pid, fd, target })
    }
    if (performance.now() > pausedAt + SLICE_MS) {
      await new Promise(resolve => setImmediate(resolve))
      pausedAt = performance.now()
    }
  }
  return files
}

// Of the link in /proc/PID/fd: the owner's bits say what the descriptor is open for.
const READING = 0o400
const WRITING = 0o200

function isOpenFor({ pid, fd }: Descriptor, access: number): boolean {
  try {
    return (lstatSync(`/proc/${pid}/fd/${fd}`).mode & access) !== 0
  } catch {
    return false // closed meanwhile
  }
}
