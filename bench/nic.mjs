// A reader of packets, a process of its own: node nic.mjs BUNDLE sysring|cap|pcap INTERFACE [FOLDER OF THE PACKAGE].
// Looks at the time, length and first bytes of every packet. Writes "ready"; when standard input ends, and no packet has come for
// half a second, what it saw as JSON.
import { createRequire } from 'node:module'

const [bundle, reader, nic, folder] = process.argv.slice(2)
const RING_BYTES = 64 << 20
const QUIET_MS = 500

let packets = 0
let sum = 0
let ending = false
process.stdin.on('end', () => { ending = true }).resume()

/** Resolves when standard input has ended and nothing comes any more. */
async function quiet() {
  for (let before = -1; !ending || packets !== before;) {
    before = packets
    await new Promise(resolve => setTimeout(resolve, QUIET_MS))
  }
}

const READERS = {
  async sysring() {
    const { open } = await import(bundle)
    const capture = await open(nic, { ringBytes: RING_BYTES })
    process.stdout.write('ready\n')
    quiet().then(() => capture.stop())
    for await (const burst of capture) {
      for (const ev of burst) {
        const { bytes } = ev.packet
        sum = (sum + ev.tsHi + ev.tsLo + ev.len + bytes.at(12) + bytes.at(13) + bytes.at(23)) | 0
        packets++
      }
    }
    const { seen, dropped } = capture.stats()
    return { seen, dropped: dropped.total }
  },

  async cap() {
    const { Cap } = createRequire(import.meta.url)('cap')
    const cap = new Cap()
    const buffer = Buffer.alloc(1 << 18)
    cap.open(nic, '', RING_BYTES, buffer)
    // It tells no time.
    cap.on('packet', (length) => {
      sum = (sum + length + buffer[12] + buffer[13] + buffer[23]) | 0
      packets++
    })
    process.stdout.write('ready\n')
    await quiet()
    cap.close()
    return {}
  },

  async pcap() {
    const session = createRequire(`${folder}/`)('pcap').createSession(nic, { buffer_size: RING_BYTES })
    session.on('packet', ({ buf, header }) => {
      sum = (sum + header.readUInt32LE(0) + header.readUInt32LE(4) + header.readUInt32LE(12) + buf[12] + buf[13] + buf[23]) | 0
      packets++
    })
    process.stdout.write('ready\n')
    await quiet()
    const { ps_drop: dropped } = session.stats()
    session.close()
    return { dropped }
  },
}

const counters = await READERS[reader]()
console.log(JSON.stringify({ packets, sum, ...counters }))
process.exit()
