import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record } from '../test/helpers/record.js'
import { scapOf } from '../test/helpers/scap.js'
import { BUNDLE_URL, compile, TAP, TRACER_CPU, WORK_CPU } from './build.js'
import { Child, sleep } from './child.js'
import { isInstalled } from './rivals.js'
import { of, ratio, rounds, type Sample, type Series } from './rounds.js'
import { type Bench, failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, type Table, targetText } from './table.js'

/** Of a frame: 18 before the record, 26 of its header, two lengths of parameters, the result; the rest is what was read. */
const BYTES = 128
const DATA = BYTES - 18 - 26 - 2 * 2 - 8
/** Millions a second, and as a share of what a loop of write() does. */
const AT_LEAST = 1.5
const OF_RAW = 0.7
/** Events in the file, which is read again and again: it stays in memory. */
const IN_FILE = 1_000_000

interface Writer {
  name: string
  /** The command that makes the interface, and writes so many frames. */
  command(name: string, frames: number, bench: Bench): readonly string[]
}

const OURS = 'sysring, from a .scap file'
const RAW = 'a loop of write()'
const WRITERS: readonly Writer[] = [
  { name: OURS, command: (name, frames, { folder }) => [...TAP, BUNDLE_URL, name, join(folder, 'tap.scap'), String(frames / IN_FILE)] },
  { name: RAW, command: (name, frames, { folder }) => [compile('tap', folder), name, String(BYTES), String(frames)] },
]

/** Events into a network interface of our own, with tcpdump reading it on the other CPU, beside what the kernel allows. */
export const tap: Suite = {
  name: 'tap',
  about: 'events as frames of 128 bytes into a network interface that tcpdump reads: rate, loss, CPU',
  rivals: ['tcpdump'],
  async run(bench) {
    if (!isInstalled('tcpdump')) throw new Error('tcpdump is not installed: apt-get install tcpdump')
    writeFileSync(join(bench.folder, 'tap.scap'), events())
    const frames = (bench.quick ? 2 : 5) * IN_FILE
    try {
      const series = await rounds(WRITERS.filter(({ name }) => bench.chosen(name)).map(writer => ({ name: writer.name, run: () => run(bench, writer, frames) })), bench)
      return { series, tables: [table(series)] } satisfies Result
    } finally {
      for (const file of ['tap.scap', 'tap.pcap']) rmSync(join(bench.folder, file), { force: true })
    }
  },
}

/** A .scap file of reads, a microsecond apart. */
function events(): Buffer {
  const made = { type: 'PPME_SYSCALL_READ_X', tid: 1234, params: [DATA, Buffer.alloc(DATA, 'x')] } as const
  const beginning = scapOf([])
  const block = scapOf([made]).subarray(beginning.length)
  if (record(made).length !== BYTES - 18) throw new Error('the frames have another size')
  const file = Buffer.alloc(beginning.length + IN_FILE * block.length)
  beginning.copy(file)
  for (let i = 0, at = beginning.length; i < IN_FILE; i++, at += block.length) block.copy(file, at)
  return file
}

async function run(bench: Bench, { command }: Writer, frames: number): Promise<Sample> {
  const name = `bench${process.pid % 100_000}t`
  const writing = new Child(command(name, frames, bench), { cpu: WORK_CPU })
  await writing.line()
  const tcpdump = new Child(['tcpdump', '-i', name, '-n', '-B', '65536', '-w', join(bench.folder, 'tap.pcap')], { cpu: TRACER_CPU })
  for (let turn = 0; turn < 100 && !tcpdump.stderr.includes('listening on'); turn++) await sleep(50)
  writing.send('\n')
  const { written, wallNs, cpuNs } = JSON.parse(await writing.line(120_000)) as { written: number; wallNs: number; cpuNs: number }
  await sleep(1500) // its ring gives a block that is not full after a second
  await tcpdump.stop()
  writing.end()
  await writing.exit
  const count = (what: string) => Number(new RegExp(`^(\\d+) packets? ${what}`, 'm').exec(tcpdump.stderr)?.[1] ?? NaN)
  const read = count('captured')
  return { written, read, dropped: count('dropped by kernel'), untold: written - read - count('dropped by kernel'), millions: written / wallNs * 1000, nsPerFrame: cpuNs / written }
}

function table(series: readonly Series[]): Table {
  const raw = series.find(({ name }) => name === RAW)
  return {
    title: `Network interface of our own: frames of ${BYTES} bytes written on one CPU, read by tcpdump -B 65536 -w on the other one`,
    head: ['writer', 'M frames/s', 'of the loop', 'CPU ns/frame', 'CPU, loop = 1', 'read', 'dropped', 'untold', 'target'],
    rows: series.map(own => [
      own.name,
      spreadText(of(own, 'millions')),
      raw === undefined ? '' : spreadText(ratio(own, raw, 'millions')),
      spreadText(of(own, 'nsPerFrame')),
      raw === undefined ? '' : spreadText(ratio(own, raw, 'nsPerFrame')),
      ...['read', 'dropped', 'untold'].map(key => spreadText(of(own, key))),
      own.name !== OURS ? '' : [
        targetText(of(own, 'millions')?.median, AT_LEAST, true),
        ...(raw === undefined ? [] : [`${targetText(ratio(own, raw, 'millions')?.median, OF_RAW, true)} of the loop`]),
        `lost ${targetText(of(own, 'dropped')?.max, 0)}`,
      ].join(', '),
    ]),
    notes: [
      'the loop writes the same frame again and again; ours are read from a file in memory and put into frames',
      'dropped: by tcpdump\'s own count; untold: written, neither read nor dropped; CPU: of the writer, user and system',
      ...failureNotes(series),
    ],
  }
}
