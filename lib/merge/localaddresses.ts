import type { Endpoint } from '../flow/endpoint.js'
import { endHash } from '../flow/hash.js'

/** Addresses that are kept at most. */
const MAX_ADDRESSES = 4096

/** The addresses that sockets of this machine were seen to have, by network namespace; hashes of them. */
export class LocalAddresses {
  readonly #anywhere = new Set<number>()
  readonly #inside = new Set<number>()

  /** A socket has that address; `netns` 0: it is not known where. */
  learn(end: Endpoint, netns: number): void {
    if (end.isAny) return
    if (this.#anywhere.size < MAX_ADDRESSES) this.#anywhere.add(hash(end, 0))
    if (netns !== 0 && this.#inside.size < MAX_ADDRESSES) this.#inside.add(hash(end, netns))
  }

  /** Is it one of this namespace; with 0, of any? */
  has(end: Endpoint, netns: number): boolean {
    if (netns === 0) return isLoopback(end) || this.#anywhere.has(hash(end, 0))
    return this.#inside.has(hash(end, netns))
  }

  clear(): void {
    this.#anywhere.clear()
    this.#inside.clear()
  }
}

/** 127.0.0.0/8 or ::1: never seen outside of its own network namespace. */
export function isLoopback({ isIpv4, w0, w1, w2, w3 }: Endpoint): boolean {
  return isIpv4 ? w3 >>> 24 === 127 : w3 === 1 && (w0 | w1 | w2) === 0
}

function hash({ w0, w1, w2, w3 }: Endpoint, netns: number): number {
  return endHash(w0, w1, w2, w3, netns)
}
