/**
 * The symmetric hash of a flow: both directions of a connection have the same one. 32 bits, unsigned.
 *
 *     mul(a, b)   the low 32 bits of a · b
 *     end(w0, w1, w2, w3, port):
 *         h = port
 *         for w in w0, w1, w2, w3:   h = mul(h ^ w, 0x9e3779b1);   h ^= h >> 15
 *     flow(a, b, protocol):
 *         h = (end(a) + end(b)) mod 2^32  ^  mul(protocol, 0x85ebca6b)
 *         h ^= h >> 16;   h = mul(h, 0x7feb352d);   h ^= h >> 15;   h = mul(h, 0x846ca68b);   h ^= h >> 16
 *
 * Words are the address in network order, the first one first; of IPv4 its mapped form ::ffff:a.b.c.d, so w0 = w1 = 0 and
 * w2 = 0xffff. Ports are numbers, 0 where the protocol has none. Shifts are unsigned. The last line is the finalizer "lowbias32" of
 * Chris Wellons' hash-prospector: what selects a queue may take any of the bits.
 *
 * Test vectors, which whoever implements it elsewhere should meet, are in test/unit/flow/hash.test.ts.
 */
export function flowHash(endA: number, endB: number, protocol: number): number {
  return finish((endA + endB) ^ Math.imul(protocol, 0x85eb_ca6b))
}

/** end() above: an address in four words, and a port. A signed word. */
export function endHash(w0: number, w1: number, w2: number, w3: number, port: number): number {
  let h = round(port, w0)
  h = round(h, w1)
  h = round(h, w2)
  return round(h, w3)
}

function round(h: number, word: number): number {
  h = Math.imul(h ^ word, 0x9e37_79b1)
  return h ^ (h >>> 15)
}

function finish(h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x7feb_352d)
  h ^= h >>> 15
  h = Math.imul(h, 0x846c_a68b)
  return (h ^ (h >>> 16)) >>> 0
}
