/** Frames of all kinds, made by hand: what filters tell apart. */
const u16 = (value: number): number[] => [value >> 8 & 0xff, value & 0xff]
const ONE = [2, 0, 0, 0, 0, 1]
const TWO = [2, 0, 0, 0, 0, 2]
const ALL = [255, 255, 255, 255, 255, 255]

const ether = (type: number, payload: number[], to = TWO): number[] => [...to, ...ONE, ...u16(type), ...payload]
const tagged = (vlan: number, frame: number[]): number[] => [...frame.slice(0, 12), ...u16(0x8100), ...u16(vlan), ...frame.slice(12)]
const pad = (frame: number[], length = 60): number[] => [...frame, ...new Array<number>(Math.max(0, length - frame.length)).fill(0)]

function ip4(protocol: number, payload: number[], { from = [198, 18, 77, 1], to = [198, 19, 77, 2], ttl = 64 } = {}): number[] {
  return ether(0x0800, [0x45, 0, ...u16(20 + payload.length), 0, 1, 0, 0, ttl, protocol, 0, 0, ...from, ...to, ...payload])
}

function ip6(next: number, payload: number[]): number[] {
  const address = (last: number) => [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), last]
  return ether(0x86dd, [0x60, 0, 0, 0, ...u16(payload.length), next, 64, ...address(1), ...address(2), ...payload])
}

const tcp = (from: number, to: number, flags: number, data = 0): number[] =>
  [...u16(from), ...u16(to), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0, ...new Array<number>(data).fill(0x41)]
const udp = (from: number, to: number, data = 4): number[] => [...u16(from), ...u16(to), ...u16(8 + data), 0, 0, ...new Array<number>(data).fill(0x42)]

const SYN = 2
const ACK = 16

export const FRAMES: readonly Uint8Array[] = [
  pad(ether(0x0806, [0, 1, 8, 0, 6, 4, 0, 1, ...ONE, 198, 18, 77, 1, 0, 0, 0, 0, 0, 0, 198, 18, 77, 2], ALL)),
  pad(ip4(6, tcp(1024, 80, SYN))),
  ip4(6, tcp(80, 1024, ACK, 900), { from: [198, 19, 77, 2], to: [198, 18, 77, 1] }),
  pad(ip4(17, udp(1025, 53))),
  ip4(17, udp(53, 1025, 70), { from: [198, 19, 77, 9], to: [198, 18, 77, 1], ttl: 3 }),
  pad(ip4(1, [8, 0, 0xf7, 0xff, 0, 0, 0, 0])),
  ip6(6, tcp(1026, 443, SYN)),
  ip6(17, udp(1027, 53, 20)),
  tagged(5, pad(ip4(17, udp(1028, 53)))),
  tagged(5, ip4(6, tcp(1029, 80, SYN, 30))),
  tagged(0x2006, ip4(17, udp(1030, 9, 40))),
  pad(ether(0x88b5, [1, 0, 0, 0])),
  ether(0x9000, [1, 2, 3]),
  pad(ip4(47, [0, 0, 8, 0])),
].map(bytes => Uint8Array.from(bytes))
