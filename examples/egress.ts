// A pipeline of processes that ends at a network interface: one captures, the next lets through what files are about, the last sends
// that out in Ethernet frames. Each opens the queue of the one before it. PF_RING's zpipeline_ipc and zbounce_ipc.
// Run as root: npx tsx examples/egress.ts NIC
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { balance, open, openSender, pipeline } from 'sysring'

const [nic = 'lo', part = 'capture', device = 'sysdig'] = process.argv.slice(2)
const PARTS: Record<string, () => Promise<void>> = { capture, select, send }
await PARTS[part]()

async function capture(): Promise<void> {
  await using cluster = await balance(await open('sysdig', { maxDurationMs: 4_000 }), { queues: 1, queueBytes: 64 << 20 })
  await next('select', cluster.devices[0])
}

async function select(): Promise<void> {
  await using chain = await pipeline(await open(device), [new URL('./files.stage.ts', import.meta.url)])
  await next('send', chain.device)
  const { stages: [{ seen, passed, refused, dropped }] } = chain.stats()
  console.log(`${seen} seen = ${passed} passed + ${refused} refused + ${dropped} dropped`)
}

async function send(): Promise<void> {
  using sender = openSender(nic)
  for await (const burst of await open(device)) await sender.send(burst)
  const { sent, bytes, notSent } = sender.stats()
  console.log(`${sent} frames, ${bytes} bytes sent out of ${nic}, ${notSent.total} not sent`)
}

/** Resolves when that process has read the queue to its end. */
async function next(part: string, device: string): Promise<void> {
  await once(fork(fileURLToPath(import.meta.url), [nic, part, device]), 'exit')
}
