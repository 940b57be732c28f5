/**
 * One end of a flow: an address in four words of network order, and a port. An IPv4 address is its mapped form, ::ffff:a.b.c.d, so
 * that a socket of either family is the same end. Words are signed: only their bits count.
 */
export class Endpoint {
  w0 = 0
  w1 = 0
  w2 = 0
  w3 = 0
  port = 0

  /** The address is none: 0.0.0.0 or ::. */
  get isAny(): boolean {
    return this.w3 === 0 && this.w0 === 0 && this.w1 === 0 && (this.w2 === 0 || this.w2 === MAPPED)
  }

  get isIpv4(): boolean {
    return this.w2 === MAPPED && this.w0 === 0 && this.w1 === 0
  }

  setIpv4(address: number): void {
    this.w0 = this.w1 = 0
    this.w2 = MAPPED
    this.w3 = address | 0
  }

  /** Of 16 bytes at `at`. */
  setIpv6(memory: Uint8Array, at: number): void {
    this.w0 = word(memory, at)
    this.w1 = word(memory, at + 4)
    this.w2 = word(memory, at + 8)
    this.w3 = word(memory, at + 12)
  }

  set(other: Endpoint): void {
    this.w0 = other.w0
    this.w1 = other.w1
    this.w2 = other.w2
    this.w3 = other.w3
    this.port = other.port
  }

  equals(other: Endpoint): boolean {
    return this.w3 === other.w3 && this.port === other.port && this.w2 === other.w2 && this.w1 === other.w1 && this.w0 === other.w0
  }

  /** No address and no port. */
  clear(): void {
    this.w0 = this.w1 = this.w2 = this.w3 = this.port = 0
  }
}

const MAPPED = 0xffff

function word(memory: Uint8Array, at: number): number {
  return (memory[at] << 24) | (memory[at + 1] << 16) | (memory[at + 2] << 8) | memory[at + 3]
}
