/** tshark, with and without our dissector, on files and on frames made by hand. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { dissectorPath } from '../../lib/export/wireshark/install.js'

/** Between several values of a field. */
const AGGREGATOR = '\x01'

/** What tshark prints. Every word about Lua on standard error is a failure of the dissector. */
export function tshark(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 30, env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8', ...env } })
  assert.is(status, 0, `tshark ${args.join(' ')}: ${stderr}`)
  assert.not.match(stderr, /lua/i)
  return stdout
}

/** Options that load the dissector as it ships. */
export const DISSECTOR = ['-X', `lua_script:${dissectorPath()}`]

/** Of each frame the values of each field: [frame][field][occurrence]. */
export function fieldsOf(path: string, names: readonly string[], options: readonly string[] = DISSECTOR): string[][][] {
  const text = tshark([...options, '-r', path, '-T', 'fields', '-E', `aggregator=${AGGREGATOR}`, ...names.flatMap((name) => ['-e', name])])
  return text.split('\n').slice(0, -1).map((line) => line.split('\t').map((values) => (values === '' ? [] : values.split(AGGREGATOR))))
}

/** The numbers of the frames that a display filter selects. */
export function selected(path: string, filter: string): number[] {
  const lines = tshark([...DISSECTOR, '-r', path, '-Y', filter, '-T', 'fields', '-e', 'frame.number']).split('\n')
  return lines.slice(0, -1).map(Number)
}

/** A pcap file of these frames; `length` is that on the wire, where it is more than the bytes. */
export function writeFrames(path: string, linktype: number, frames: readonly { bytes: Uint8Array; length?: number }[]): void {
  const header = Buffer.from(new Uint32Array([0xa1b23c4d, 0x0004_0002, 0, 0, 262144, linktype]).buffer)
  const packets = frames.flatMap(({ bytes, length = bytes.length }, i) => [Buffer.from(new Uint32Array([i, 0, bytes.length, length]).buffer), bytes])
  writeFileSync(path, Buffer.concat([header, ...packets]))
}
