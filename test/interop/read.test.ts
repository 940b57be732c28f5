// timeout: 120
/** What is read from a file against what sysdig, tcpdump and tshark say of the same file. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { eventInfo, eventName } from '../../lib/event/table.js'
import { rawArgText } from '../../lib/event/text.js'
import { openFile } from '../../lib/iface/file/open.js'
import { folder } from '../helpers/folder.js'
import { run, ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const FIXTURES = join(ROOT, 'test/fixtures')
const { file } = folder()
const bySysdig = suite('read as sysdig does', { needs: ['sysdig'], timeoutMs: 60_000 })

interface Read {
  num: number
  /** time, CPU, tid, direction, type */
  head: string
  params: { name: string; type: string; raw: string | undefined }[]
}

/** Types that sysdig 0.29 does not know it leaves out, and does not count. */
const SYSDIG_TYPES = 336

async function readEvents(path: string): Promise<Read[]> {
  const list: Read[] = []
  for await (const burst of await openFile(path)) {
    for (const ev of burst) {
      if (ev.packet !== undefined || ev.type >= SYSDIG_TYPES) continue
      const known = eventInfo(ev.type)!.params
      list.push({
        num: list.length + 1,
        head: `${ev.ts} ${ev.cpu} ${ev.tid} ${ev.dir === 'enter' ? '>' : '<'} ${eventName(ev)}`,
        params: known.slice(0, ev.nparams).map(({ name, type }, index) => ({ name, type, raw: rawArgText(ev, index) })),
      })
    }
  }
  return list
}

/** evt.rawarg of these ends with "wrong event type"; what evt.args says of them begins with the raw value. */
const NO_RAWARG = new Set(['FD', 'SOCKTUPLE', 'SOCKADDR', 'FDLIST', 'SYSCALLID', 'SIGTYPE', 'SIGSET', 'DYN', 'FLAGS8', 'FLAGS16', 'FLAGS32', 'ENUMFLAGS8', 'ENUMFLAGS16', 'ENUMFLAGS32', 'MODE', 'FSRELPATH', 'UID', 'GID', 'BOOL', 'DOUBLE'])

// Between fields and after the last: no buffer in these files has such bytes.
const NEXT = '\x1e\x1f\x1e'
const END = '\x1d\x1f\x1d'

interface Said { num: number; head: string; raw: Map<string, string>; args: string }

/** One run of sysdig: every event with all raw arguments that it can print. */
async function sysdig(path: string, events: Read[]): Promise<Map<number, Said>> {
  const params = events.flatMap(event => event.params)
  const refused = new Set(params.filter(({ type }) => NO_RAWARG.has(type)).map(({ name }) => name))
  const names = new Set(params.map(({ name }) => name).filter(name => !refused.has(name)))
  for (;;) {
    const fields = ['evt.num', 'evt.rawtime', 'evt.cpu', 'thread.tid', 'evt.dir', 'evt.type', 'evt.args', ...[...names].map(name => `evt.rawarg.${name}`)]
    const { stdout, stderr } = await run('sysdig', ['-r', path, '-p', `*${fields.map(field => `%${field}`).join(NEXT)}${END}`])
    const unknown = /unknown event argument (\w+)/.exec(stderr + stdout)
    if (unknown !== null) {
      assert.ok(names.delete(unknown[1]), unknown[0])
      continue
    }
    assert.not.match(stderr, 'wrong event type')
    const said = stdout.split(`${END}\n`).filter(line => line !== '').map(line => {
      const [num, time, cpu, tid, dir, type, args, ...raw] = line.split(NEXT)
      return { num: Number(num), head: [time, cpu, tid, dir, type].join(' '), args, raw: new Map([...names].map((name, i) => [name, raw[i]])) }
    })
    return new Map(said.map(line => [line.num, line]))
  }
}

/** Compares what sysdig shows; it hides what only updates its state. Returns how many events and arguments that were. */
async function compare(path: string): Promise<{ events: number; shown: number; args: number }> {
  const events = await readEvents(path)
  const said = await sysdig(path, events)
  let shown = 0, args = 0
  for (const { num, head, params } of events) {
    const line = said.get(num)
    if (line === undefined) continue
    shown++
    assert.is(head, line.head, `event ${num}`)
    let at = 0
    for (const { name, type, raw } of params) {
      const what = `event ${num} (${head}), ${name}`
      const theirs = line.raw.get(name) ?? '<NA>'
      // Of a parameter without bytes sysdig prints whatever lies behind it.
      if (theirs !== '<NA>' && raw !== '') {
        assert.is(raw!.trim(), theirs.trim(), `${what}: ${JSON.stringify([raw, theirs])}`)
      } else {
        const found = ` ${line.args}`.indexOf(` ${name}=`, at)
        if (found < 0) continue // a parameter that sysdig's table does not have yet
        at = found + name.length + 2
        // The letter for what an fd is comes from state, which reading a file does not have.
        const plain = (text: string) => type === 'FDLIST' ? text.replace(/:./g, ':') : text
        const text = ` ${line.args}`.slice(at)
        // Where a name stands for several types, the others come here too: numbers that args shows in hex or octal.
        if (!NO_RAWARG.has(type) && /^\d+$/.test(raw!) && !text.startsWith(raw!)) {
          const radix = text.startsWith(BigInt(raw!).toString(16).toUpperCase()) ? 16 : 8
          assert.ok(text.replace(/^0/, '').startsWith(BigInt(raw!).toString(radix).toUpperCase().replace(/^0/, '')), `${what} in: ${line.args}`)
          continue
        }
        assert.is(plain(text.slice(0, raw!.length)), plain(raw!), `${what} in: ${line.args}`)
      }
      args++
    }
  }
  assert.is([...said.keys()].filter(num => num > events.length).length, 0, 'sysdig has no event that was not read')
  return { events: events.length, shown, args }
}

bySysdig('small.scap', async () => {
  const { events, shown, args } = await compare(join(FIXTURES, 'small.scap'))
  assert.is(events, 5000)
  assert.ok(shown > 4900 && args > 13_000, `${shown} events, ${args} arguments`)
})

bySysdig('medium.scap.gz', async () => {
  const { events, shown, args } = await compare(join(FIXTURES, 'medium.scap.gz'))
  assert.is(events, 16375)
  assert.ok(shown > 16_000 && args > 39_000, `${shown} events, ${args} arguments`)
})

bySysdig('both.scap', async () => {
  const { events, shown, args } = await compare(join(FIXTURES, 'both.scap.gz'))
  assert.is(events, 35415)
  assert.ok(shown > 35_000 && args > 80_000, `${shown} events, ${args} arguments`)
})

// sysdig cannot go on behind these: not an event block after the first event, or no event at all, or made by tshark.
const NOT_FOR_SYSDIG = new Set(['eth_and_ev.pcapng', 'mc.pcapng', 're.pcapng', 'mixed3.pcapng', 'noevents.scap', 'unk_mid2.scap', 'unkblock_mid.scap', 'trunc.scap'])

bySysdig('every vector that sysdig reads', async () => {
  let compared = 0
  for (const name of readdirSync(join(FIXTURES, 'vectors'))) {
    if (NOT_FOR_SYSDIG.has(name)) continue
    const { events, shown } = await compare(join(FIXTURES, 'vectors', name))
    assert.ok(shown >= events - 1, `${name}: ${shown} of ${events} events`)
    compared += shown
  }
  assert.ok(compared > 150, `${compared} events`)
})

interface Packet { ts: bigint; caplen: number; len: number }

async function readPackets(path: string): Promise<Packet[]> {
  const list: Packet[] = []
  for await (const burst of await openFile(path)) {
    for (const ev of burst) if (ev.packet !== undefined) list.push({ ts: ev.ts, caplen: ev.caplen, len: ev.len })
  }
  return list
}

const nanoseconds = (seconds: string) => BigInt(seconds.replace('.', '').padEnd(19, '0'))

async function tshark(path: string): Promise<Packet[]> {
  const { stdout, stderr, code } = await run('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.cap_len', '-e', 'frame.len'])
  assert.is(code, 0, stderr)
  return stdout.trim().split('\n').map(line => {
    const [time, caplen, len] = line.split('\t')
    return { ts: nanoseconds(time), caplen: Number(caplen), len: Number(len) }
  })
}

const byOthers = suite('packets as tcpdump and tshark read them', { needs: ['tshark', 'tcpdump', 'editcap', 'text2pcap'], timeoutMs: 60_000 })

/** Packets of all sizes at odd times, as the hex dump that text2pcap takes. */
const DUMP = Array.from({ length: 60 }, (_, i) => {
  const data = Array.from({ length: 14 + i * 23 }, (_, at) => (at * 7 + i & 0xff).toString(16).padStart(2, '0'))
  return `${1795219052 + i}.${String(i * 16_777_213 % 1_000_000_000).padStart(9, '0')}\n0000 ${data.join(' ')}\n`
}).join('\n')

byOthers('files made by Wireshark\'s tools, in every format', async () => {
  writeFileSync(file('dump'), DUMP)
  const made = await run('text2pcap', ['-q', '-t', '%s.%f', file('dump'), file('packets.pcapng')])
  assert.is(made.code, 0, made.stderr)
  for (const [format, snaplen] of [['pcap', 0], ['nsecpcap', 0], ['pcapng', 0], ['pcap', 64], ['pcapng', 100]] as const) {
    const path = file(`${format}-${snaplen}`)
    const converted = await run('editcap', ['-F', format, ...(snaplen > 0 ? ['-s', String(snaplen)] : []), file('packets.pcapng'), path])
    assert.is(converted.code, 0, converted.stderr)
    const ours = await readPackets(path)
    assert.is(ours.length, 60)
    assert.equal(ours, await tshark(path), path)
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
    assert.equal(await readPackets(`${path}.gz`), ours)
  }
})

byOthers('times and lengths as tcpdump prints them', async () => {
  writeFileSync(file('dump'), DUMP)
  const path = file('packets')
  await run('text2pcap', ['-q', '-t', '%s.%f', file('dump'), `${path}.pcapng`])
  await run('editcap', ['-F', 'nsecpcap', `${path}.pcapng`, path])
  const { stdout } = await run('tcpdump', ['-r', path, '-tt', '-n', '-e', '--nano'])
  const theirs = stdout.trim().split('\n').filter(line => /^\d+\.\d+ /.test(line))
    .map(line => ({ ts: nanoseconds(line.split(' ')[0]), len: Number(/length (\d+)/.exec(line)![1]) }))
  const ours = await readPackets(path)
  assert.is(theirs.length, 60)
  assert.equal(ours.map(({ ts }) => ts), theirs.map(({ ts }) => ts))
})

byOthers('a file that tcpdump wrote', async () => {
  writeFileSync(file('dump'), DUMP)
  await run('text2pcap', ['-q', '-t', '%s.%f', file('dump'), file('in.pcapng')])
  await run('tcpdump', ['-r', file('in.pcapng'), '-w', file('out.pcap')])
  assert.equal(await readPackets(file('out.pcap')), await tshark(file('out.pcap')))
})

bySysdig('a gzipped capture says the same as a plain one', async () => {
  const path = file('plain.scap')
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, 'both.scap.gz'))))
  assert.equal(await readEvents(path), await readEvents(join(FIXTURES, 'both.scap.gz')))
})
