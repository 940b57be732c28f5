/** Captures of the stand-in: what the tests of the probe have in common. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import type { Event } from '../../lib/event/event.js'
import { LEN } from '../../lib/event/record.js'
import { record, type RecordFields } from '../helpers/record.js'
import { type Call, Standin, type StandinOptions } from './standin/standin.js'
import type { Driver } from './standin/drivers.js'

export type LiveOptions = NonNullable<Parameters<typeof open>[1]>
export type LiveCapture = Awaited<ReturnType<typeof open>>

/** A thread that is none of ours. */
export const TID = 4_100_000

/** Nanoseconds since the epoch, long enough ago that nothing is held back for other CPUs; counts up by itself. */
let clock = BigInt(Date.now()) * 1_000_000n - 5_000_000_000n
export const tick = (): bigint => (clock += 1000n)

/** Bytes of a ring, where the release lets one choose: as small as our own probe's may be. */
export const RING = 1 << 17

/** Runs `body` with a capture of a stand-in, of which nothing may be left afterwards. */
export async function withCapture(
  driver: Driver, options: LiveOptions, body: (capture: LiveCapture, standin: Standin) => Promise<void>, setup: StandinOptions = {},
): Promise<void> {
  const standin = new Standin(driver, { ringBytes: RING, ...setup })
  try {
    const capture = await open('sysdig:kmod', options)
    try {
      await body(capture, standin)
    } finally {
      await capture.close()
    }
    assert.equal(held(standin), [])
  } finally {
    standin.remove()
  }
}

/** A record as this release writes it. */
export function made(driver: Driver, fields: RecordFields): Buffer {
  const bytes = Buffer.from(record({ ts: tick(), tid: TID, ...fields }))
  if (driver.header === 26) return bytes
  const short = Buffer.concat([bytes.subarray(0, 22), bytes.subarray(26)])
  short.writeUInt32LE(short.length, LEN)
  return short
}

/** A read of that many bytes: a record of header + 12 bytes more. */
export const readOf = (driver: Driver, data: Uint8Array): Buffer => made(driver, { type: 'PPME_SYSCALL_READ_X', params: [data.length, data] })
export const READ = 0

/** Stops the capture and walks through what was there; `each` sees every event. Returns how many there were. */
export async function rest(capture: LiveCapture, each: (ev: Event) => void = () => {}): Promise<number> {
  capture.stop()
  let count = 0
  for await (const burst of capture) {
    for (const ev of burst) {
      each(ev)
      count++
    }
  }
  return count
}

/** Stops the capture and names what it delivers: "read <". */
export async function names(capture: LiveCapture): Promise<string[]> {
  const list: string[] = []
  await rest(capture, ev => void list.push(`${ev.name} ${ev.dir === 'enter' ? '>' : '<'}`))
  return list
}

export const ioctls = (log: readonly Call[]) => log.filter(({ call }) => call === 'ioctl')

/** What of the stand-in this process still holds: mappings and descriptors. */
export function held({ path }: Standin): string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n').filter(line => line.includes(`${path}/`) && line.includes('.ring'))
  const devices = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return []
    }
  }).filter(target => target.startsWith(`${path}/dev/`))
  return [...maps, ...devices]
}
