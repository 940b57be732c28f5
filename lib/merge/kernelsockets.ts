import { isCaptureError } from '../errors.js'
import { Endpoint } from '../flow/endpoint.js'
import { IPPROTO_TCP, IPPROTO_UDP } from '../flow/flow.js'
import { guarded, native } from '../native.js'
import { type KernelFile, parseFiles } from '../state/kernelrecords.js'
import { SocketOwner } from '../state/socketowner.js'
import { setIp } from './ends.js'
import type { Sockets } from './sockets.js'

/** ms between two looks at least. */
const INTERVAL_MS = 1000
/** And that many times as long as a look takes: 2 % of the time at most. */
const REST = 50
/** Files of one process that are looked at. */
const MAX_FDS = 65_536

const AF_INET = 2
const AF_INET6 = 10

/**
 * The sockets that the kernel has now, for packets whose owner no event has told: a socket that came in a message, was bound to no
 * port in particular, or whose events were lost. Asked seldom, because it takes milliseconds.
 */
export class KernelSockets {
  /** How often the kernel was asked. */
  lookups = 0
  readonly #sockets: Sockets
  /** When it may be asked again, by performance.now(). */
  #next = 0
  /** Of sockets that the state does not know: by inode, as of the last look. */
  #unknown = new Map<bigint, SocketOwner>()
  readonly #local = new Endpoint()
  readonly #remote = new Endpoint()

  constructor(sockets: Sockets) {
    this.#sockets = sockets
  }

  /** Asks the kernel, if that is the running machine's and was not asked a moment ago; has it answered? */
  look(): boolean {
    const { state } = this.#sockets
    const started = performance.now()
    if (!state.live || started < this.#next) return false
    this.lookups++
    try {
      const { files } = guarded(() => native().readKernelState(MAX_FDS))
      const now = Date.now() / 1000
      const before = this.#unknown
      this.#unknown = new Map()
      parseFiles(files, file => this.#enter(file, before, now))
      return true
    } catch (error) {
      if (!isCaptureError(error)) throw error
      this.#next = Infinity // there are no iterators here
      return false
    } finally {
      const ended = performance.now()
      this.#next = Math.max(this.#next, ended + Math.max(INTERVAL_MS, REST * (ended - started)))
    }
  }

  #enter(file: KernelFile, before: ReadonlyMap<bigint, SocketOwner>, now: number): void {
    const { family, protocol, localPort, remotePort, netns } = file
    if ((family !== AF_INET && family !== AF_INET6) || (protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP) || localPort === 0) return
    const { state, owners } = this.#sockets
    const local = this.#local
    const remote = this.#remote
    const size = family === AF_INET ? 4 : 16
    setIp(local, file.local.subarray(0, size))
    setIp(remote, file.remote.subarray(0, size))
    local.port = localPort
    remote.port = remotePort
    const isConnected = !remote.isAny
    // What events have told is not told again by another of the processes that have the socket.
    if (isConnected && owners.ownerOf(protocol, local, remote, netns)?.isClosed(now) === false) return
    const thread = state.thread(file.tid) ?? state.discover(file.tid)
    if (thread === undefined) return
    const info = thread.fds.get(file.fd)
    const owner = info?._owner ?? this.#unknown.get(file.ino) ?? before.get(file.ino) ?? new SocketOwner(thread, file.fd, netns, file.ino)
    // Here it is certain.
    owner.netns = netns
    if (info !== undefined) {
      info._owner = owner
      info.netns = netns
      owner.info ??= info
    } else this.#unknown.set(file.ino, owner)
    if (isConnected) owners.connected(protocol, local, remote, owner, now)
    else owners.bound(protocol, local, owner, now)
  }
}
