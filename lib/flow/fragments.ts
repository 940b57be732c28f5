import { Endpoint } from './endpoint.js'
import type { Flow } from './flow.js'

/** Datagrams that are remembered at a time; the oldest gives way. */
const KEPT = 256

interface Datagram {
  readonly source: Endpoint
  readonly destination: Endpoint
  protocol: number
  id: number
}

/** The ports of datagrams whose first fragment was seen. Fragments are rare, and those of one datagram come close together. */
export class Fragments {
  readonly #datagrams: Datagram[] = []
  #next = 0

  /** This is a first fragment: the others get its ports. */
  note({ source, destination, protocol }: Flow, id: number): void {
    const datagram = (this.#datagrams[this.#next] ??= { source: new Endpoint(), destination: new Endpoint(), protocol: 0, id: 0 })
    this.#next = (this.#next + 1) % KEPT
    datagram.source.set(source)
    datagram.destination.set(destination)
    datagram.protocol = protocol
    datagram.id = id
  }

  /** Gives a later fragment the ports of its first one, if that was seen; the youngest one with this number. */
  find({ source, destination, protocol }: Flow, id: number): void {
    const { length } = this.#datagrams
    for (let i = 1; i <= length; i++) {
      const datagram = this.#datagrams[(this.#next - i + length) % length]
      if (datagram.id !== id || datagram.protocol !== protocol) continue
      if (!isSameAddress(datagram.source, source) || !isSameAddress(datagram.destination, destination)) continue
      source.port = datagram.source.port
      destination.port = datagram.destination.port
      return
    }
  }
}

function isSameAddress(one: Endpoint, other: Endpoint): boolean {
  return one.w3 === other.w3 && one.w2 === other.w2 && one.w1 === other.w1 && one.w0 === other.w0
}
