import type { PacketProcess } from '../event/packet.js'
import type { FdInfo } from './fdinfo.js'
import type { State } from './state.js'
import type { ThreadInfo } from './threadinfo.js'

/** Seconds that a socket is remembered after its close: for the segments that end a connection, as long as TIME_WAIT. */
const LINGER_S = 60

const OPEN = Infinity

/**
 * Who owns a socket: the process that used it last, of those that have it. One object for all fds that are copies of one another,
 * and for all addresses that the socket has.
 */
export class SocketOwner {
  /** Undefined until the state knows a thread with that number. */
  thread: ThreadInfo | undefined
  readonly #tid: number
  fd: number
  /** What is known of the socket; undefined where no event of it was seen. */
  info: FdInfo | undefined
  /** Inode of the socket, 0n if not known. */
  readonly ino: bigint
  /** Inode of the socket's network namespace, 0 if not known. */
  netns: number
  /** When it was closed, in seconds since the epoch. */
  #closedAt = OPEN
  #out: PacketProcess | undefined
  #in: PacketProcess | undefined

  constructor(thread: ThreadInfo | number, fd: number, netns: number, ino = 0n) {
    this.thread = typeof thread === 'number' ? undefined : thread
    this.#tid = typeof thread === 'number' ? thread : thread.tid
    this.fd = fd
    this.netns = netns
    this.ino = ino
  }

  /** The process has done something with it. */
  use(thread: ThreadInfo, fd: number): void {
    this.thread = thread
    this.fd = fd
    this.#closedAt = OPEN
  }

  /** A process has closed it: if that is not who used it last, somebody else still has it. */
  close(pid: number, now: number): void {
    if (this.thread === undefined || this.thread.pid === pid) this.#closedAt = now
  }

  isClosed(now: number): boolean {
    if (this.#closedAt === OPEN && this.thread?.ended === true) this.#closedAt = now
    return this.#closedAt !== OPEN
  }

  /** Nobody will ask for it any more. */
  isGone(now: number): boolean {
    return this.isClosed(now) && now > this.#closedAt + LINGER_S
  }

  /** A packet of it was seen: as long as they come it is remembered. */
  touch(now: number): void {
    if (this.#closedAt !== OPEN) this.#closedAt = now
  }

  /** The process that it belongs to; undefined while nothing is known of its thread. */
  pidIn(state: State): number | undefined {
    return (this.thread ??= state.thread(this.#tid))?.pid
  }

  /** As an event shows it: the same object while nothing has changed. */
  process(state: State, direction: 'out' | 'in'): PacketProcess {
    const known = direction === 'out' ? this.#out : this.#in
    const thread = this.thread!
    const container = containerOf(state, thread)
    if (known !== undefined && known.tid === thread.tid && known.fd === this.fd && known.comm === thread.comm && known.container === container) {
      return known
    }
    const process: PacketProcess = { pid: thread.pid, tid: thread.tid, comm: thread.comm, container, fd: this.fd, direction }
    if (direction === 'out') this.#out = process
    else this.#in = process
    return process
  }
}

function containerOf(state: State, { containerId }: ThreadInfo): string | undefined {
  return containerId === '' ? undefined : state.containers.get(containerId)?.name ?? containerId
}
