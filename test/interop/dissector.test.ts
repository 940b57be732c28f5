// timeout: 400
/** Our dissector in tshark, against Wireshark's own on the same events, and against what the library says of them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Event, openFile } from '../../lib/index.js'
import { plainValue } from '../../lib/event/args.js'
import { SIGNALS } from '../../lib/event/signal.js'
import { dynamicTypes, eventInfo, EVENT_COUNT, type ParamInfo } from '../../lib/event/table.js'
import { argText, textOf, writePlainArg } from '../../lib/event/text.js'
import { writeFile } from '../../lib/export/file.js'
import { FieldNames, NATIVE } from '../../lib/export/wireshark/fieldnames.js'
import { synthetic } from '../helpers/capture.js'
import { folder } from '../helpers/folder.js'
import { record } from '../helpers/record.js'
import { ROOT, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { DISSECTOR, fieldsOf, selected, tshark } from '../helpers/tshark.js'
import { DIFFERENCES } from './dissector.differences.js'

const test = suite('the dissector, beside Wireshark\'s own', { needs: ['tshark'], timeoutMs: 120_000 })
const { file, path: home } = folder()

const NATIVE_NAMES = Object.values(NATIVE).flatMap((names) => names.split(/\s+/)).map((name) => `sysdig.param.${name}`)
const NATIVE_FIELDS = ['sysdig.cpu_id', 'sysdig.thread_id', 'sysdig.event_len', 'sysdig.nparams', 'sysdig.event_type', 'sysdig.param.lens', 'sysdig.param.len', ...NATIVE_NAMES]

/** One of every type of event, with every parameter that it has. */
function everyEvent() {
  return synthetic(Array.from({ length: EVENT_COUNT }, (_, code) => {
    const params = eventInfo(code)!.params.map(({ type }, i) =>
      /BUF|PATH/.test(type) ? Buffer.from(`${String.fromCharCode(97 + i % 26)}bc/def\0`) : /SOCK|FDLIST|DYN/.test(type) ? Buffer.from([i % 3, 2, 0, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]) : 17 + i)
    return { bytes: record({ type: code, ts: 1_700_000_000_123_456_789n + BigInt(code), tid: 5, params }), cpu: 3 }
  }))
}

const SOURCES = {
  'every event': async () => everyEvent(),
  'trace.scap.gz': () => openFile(join(ROOT, 'examples/trace.scap.gz')),
  'both.scap.gz': () => openFile(join(ROOT, 'test/fixtures/both.scap.gz')),
  'small.scap': () => openFile(join(ROOT, 'test/fixtures/small.scap')),
}

const EVENTS = Array.from({ length: EVENT_COUNT }, (_, code) => eventInfo(code)!)
const names = new FieldNames(EVENTS)
for (const { params } of EVENTS) for (const param of params) names.of(param, dynamicTypes(param))
/** Fields that say what bytes mean. */
const BELOW = [...names.types.keys()].filter((field) => /\.(value|time)$/.test(field))
const OWN_FIELDS = ['sysring.process', 'sysring.event', '_ws.col.Info']

async function written(name: keyof typeof SOURCES, framing: 'scap' | 'ethernet' | 'user0', ending = 'pcapng'): Promise<string> {
  const path = file(`${name.replace(' ', '-')}.${framing}.${ending}`)
  if (!existsSync(path)) await writeFile(await SOURCES[name](), path, { framing })
  return path
}

const dissections = new Map<string, string[][][]>()

/** What our dissector says of each Ethernet frame: the fields of Wireshark's own, BELOW and OWN_FIELDS. */
async function dissected(name: keyof typeof SOURCES): Promise<string[][][]> {
  const rows = dissections.get(name) ?? fieldsOf(await written(name, 'ethernet'), [...NATIVE_FIELDS, ...BELOW, ...OWN_FIELDS])
  dissections.set(name, rows)
  return rows
}

test('Wireshark has the fields that we think it has, and takes ours beside them', () => {
  const listed = (options: string[]) => tshark(['-G', 'fields', ...options]).split('\n').map((line) => line.split('\t')).filter(([kind]) => kind === 'F')
  const typed = listed([]).filter(([, , name]) => /^sysdig\.param\.\w+\.\w+$/.test(name)).map(([, , name, type, , base]) =>
    `${name} ${type.slice(3)}${base === '' ? '' : `:${base.slice(5)}`}`)
  const expected = Object.entries(NATIVE).flatMap(([type, names]) => names.split(/\s+/).map((name) => `sysdig.param.${name} ${type}`))
  assert.equal(typed.sort(), expected.sort())
  // Where a name could not be had ours would begin with "sysring.".
  const ours = listed(DISSECTOR).map(([, , name]) => name)
  assert.ok(ours.includes('sysdig.param.openat2.flags.value'))
  assert.not.ok(ours.some((name) => name.startsWith('sysring.param.')))
})

const explained = new Set<string>()

for (const name of Object.keys(SOURCES) as (keyof typeof SOURCES)[]) {
  test(`${name}: every field of Wireshark's own dissector has the same values`, async () => {
    const native = fieldsOf(await written(name, 'scap'), NATIVE_FIELDS, [])
    const ours = await dissected(name)
    assert.is(ours.length, native.length)
    let compared = 0
    native.forEach((values, frame) => {
      const info = eventInfo(Number(ours[frame][NATIVE_FIELDS.indexOf('sysdig.event_type')][0]))!
      const shown = values.slice(-NATIVE_NAMES.length).reduce((sum, { length }) => sum + length, 0)
      values.forEach((theirs, i) => {
        const own = ours[frame][i]
        compared += theirs.length
        if (theirs.join('\x01') === own.join('\x01')) return
        const of = { field: NATIVE_FIELDS[i], info, native: theirs, ours: own, shown }
        const cause = DIFFERENCES.find(({ holds }) => holds(of))?.cause
        assert.ok(cause, `frame ${frame + 1}, ${info.const}, ${NATIVE_FIELDS[i]}: theirs ${theirs}, ours ${own}`)
        explained.add(cause!)
      })
    })
    assert.ok(compared > 5 * native.length)
  })

  test(`${name}: the lines and the process are those that the library prints`, async () => {
    const rows = await dissected(name)
    let frame = 0
    for await (const burst of await SOURCES[name]()) {
      for (const ev of burst) {
        const [[process], [event], [info]] = rows[frame++].slice(-OWN_FIELDS.length)
        assert.is(event, ev.name)
        const line = `${process === undefined ? '' : `${process} `}(${ev.tid}) ${ev.dir === 'enter' ? '>' : '<'} ${ev.name} ${argsOf(ev)}`
        assert.is(escaped(info), escaped(line).slice(0, info.length < LONGEST ? undefined : info.length), `frame ${frame}`)
      }
    }
    assert.is(frame, rows.length)
  })

  test(`${name}: the values below fields of bytes are those that the library gives`, async () => {
    const rows = await dissected(name)
    const types = new Set<string>()
    let frame = 0
    for await (const burst of await SOURCES[name]()) {
      for (const ev of burst) {
        const expected = new Map<string, string[]>()
        eventInfo(ev.type)!.params.slice(0, ev.nparams).forEach((param, i) => {
          const value = valueOf(ev, param)
          const field = fieldOf(param, param.name === 'vpgid' && ev.nparams <= i + 10)
          if (value === undefined || !BELOW.includes(field)) return
          expected.set(field, [...expected.get(field) ?? [], value])
          types.add(param.type)
        })
        const given = new Map(BELOW.map((field, i) => [field, rows[frame][NATIVE_FIELDS.length + i].map(numberText)] as const).filter(([, values]) => values.length > 0))
        assert.is(JSON.stringify([...given].sort()), JSON.stringify([...expected].sort()), `frame ${frame + 1}, ${ev.name}`)
        frame++
      }
    }
    assert.ok(types.size >= 6)
  })
}

test('user0 is dissected as ethernet is', async () => {
  const fields = [...NATIVE_FIELDS, ...OWN_FIELDS, '_ws.col.Protocol']
  assert.equal(fieldsOf(await written('every event', 'user0'), fields), fieldsOf(await written('every event', 'ethernet'), fields))
})

test('every difference that is listed occurs', () => {
  assert.equal(DIFFERENCES.map(({ cause }) => cause).filter((cause) => !explained.has(cause)), [])
})

/** COL_MAX_INFO_LEN in Wireshark's column-info.h: what is longer is cut. */
const LONGEST = 4095

/** The parameters without anything that frames do not tell: where relative paths start, what users are called. */
function argsOf(ev: Event): string {
  if (ev.type < 2) return ''
  const { params } = eventInfo(ev.type)!
  const pgid = params.findIndex(({ name }) => name === 'pgid')
  return params.slice(0, ev.nparams).map(({ name, type }, i) => {
    const text = /^FS/.test(type) ? textOf((out) => writePlainArg(out, ev, i)) : argText(ev, i)!.replace(/\(<NA>\)$/, '')
    return `${name === 'vpgid' && ev.nparams <= pgid ? 'pgid' : name}=${text}`
  }).join(' ')
}

/** A column is one line; bytes that are no text are shown in more than one way. */
function escaped(text: string): string {
  return text.replace(/[\0-\x1f\x7f]/g, '.').replace(/[^ -~]+/g, ' ')
}

function valueOf(ev: Event, { name, type }: ParamInfo): string | undefined {
  const value = (ev.args as Record<string, unknown>)[name]
  if (type === 'RELTIME') return value === undefined || value === 0xffff_ffff_ffff_ffffn ? undefined : `${Number(value as bigint) / 1e9}`
  if (type === 'SIGSET' && Array.isArray(value)) return `${value.reduce((bits, signal) => bits + 2 ** (SIGNALS.indexOf(signal) - 1), 0)}`
  return typeof value === 'number' || typeof value === 'bigint' ? `${plainValue(value)}` : undefined
}

function fieldOf(param: ParamInfo, renamed: boolean): string {
  const asked = { ...param, ...(renamed && { name: 'pgid' }), ...(param.name === 'flags' && /^UINT(8|16|32)$/.test(param.type) && { type: param.type.replace('UINT', 'FLAGS') }) }
  return `${names.of(asked, dynamicTypes(param))}.${param.type === 'RELTIME' ? 'time' : 'value'}`
}

/** tshark prints a number in its field's base. */
function numberText(text: string): string {
  return /^0[0-7]+$/.test(text) ? `${parseInt(text, 8)}` : `${Number(text)}`
}

test('display filters select what our filters select', async () => {
  const path = await written('trace.scap.gz', 'ethernet', 'pcap')
  const filters: [display: string, own: string][] = [
    ['sysring.event == "openat"', 'evt.type=openat'],
    ['sysdig.event_type == 307', 'evt.type=openat and evt.dir=<'],
    ['sysdig.param.openat2.fd == 3', 'evt.rawarg.fd=3'],
    ['sysring.event == "openat" && sysdig.param.openat2.flags.value & 0x1000', 'evt.type=openat and evt.arg.flags contains O_CLOEXEC'],
    ['sysdig.param.userfaultfd.res.value < 0', 'evt.rawarg.res < 0'],
    ['sysdig.param.openat2.name.text == "/etc/localtime"', 'evt.type=openat and evt.rawarg.name=/etc/localtime'],
    ['sysdig.thread_id == 187', 'thread.tid=187'],
    ['sysdig.cpu_id == 1', 'evt.cpu=1'],
    ['sysring.process == "work"', 'proc.name=work'],
  ]
  for (const [display, own] of filters) {
    const { code, stdout, stderr } = await sysring(['dump', '-q', '-r', path, '-p', '%evt.num', own])
    assert.is(code, 0, stderr)
    const expected = stdout.split('\n').slice(0, -1).map(Number)
    assert.ok(expected.length > 0, own)
    assert.equal(selected(path, display), expected, display)
  }
})

test('a process has the name that the library knows it by; from its own clone events a caller is known as well', async () => {
  const path = await written('trace.scap.gz', 'ethernet', 'pcap')
  const rows = fieldsOf(path, ['sysring.process'])
  const { stdout } = await sysring(['dump', '-q', '-r', path, '-p', '*%evt.num|%proc.name'])
  let known = 0
  for (const line of stdout.trimEnd().split('\n')) {
    const [num, name] = line.split('|')
    if (name === '<NA>') continue
    known++
    assert.is(rows[Number(num) - 1][0][0], name, `frame ${num}`)
  }
  assert.ok(known > 10_000)
  assert.ok(rows.filter(([[process]]) => process !== undefined).length > known)
})

test('sysring dissector install: tshark finds it without being told, until it is uninstalled', async () => {
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config') }
  const path = await written('small.scap', 'ethernet')
  const protocols = () => new Set(tshark(['-r', path, '-T', 'fields', '-e', '_ws.col.Protocol'], env).trim().split('\n'))
  const installed = await sysring(['dissector', 'install', '--json'], { env })
  assert.equal(JSON.parse(installed.stdout), { installed: join(home, '.local/lib/wireshark/plugins/sysring.lua') })
  assert.equal([...protocols()], ['sysdig'])
  const { stdout } = await sysring(['dissector', 'uninstall'], { env })
  assert.is(stdout, `removed: ${join(home, '.local/lib/wireshark/plugins/sysring.lua')}\n`)
  assert.equal([...protocols()], ['0x88b5'])
})
