// timeout: 300
/** Every field, format and time of every recording, byte for byte as Debian's sysdig prints them. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Event } from '../../../lib/event/event.js'
import { TextBuffer } from '../../../lib/event/textbuffer.js'
import { compileFormat, CONTAINER_FORMAT, DEFAULT_FORMAT, type FormatOptions } from '../../../lib/field/formatter.js'
import { fields } from '../../../lib/field/registry.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { run, ROOT } from '../../helpers/run.js'
import { suite } from '../../helpers/suite.js'
import { DIFFERENCES, type Difference, STOPS } from './differences.js'

process.env.TZ = 'UTC'
const FIXTURES = join(ROOT, 'test/fixtures')
const RECORDINGS = readdirSync(FIXTURES).filter(name => name.includes('.scap')).map(name => join(FIXTURES, name))
const VECTORS = readdirSync(join(FIXTURES, 'vectors')).map(name => join(FIXTURES, 'vectors', name))

const asSysdig = suite('as sysdig prints it', { needs: ['sysdig'], timeoutMs: 240_000 })

// Between fields and after the last: no buffer in these files has such bytes.
const NEXT = '\x1e\x1f\x1e'
const END = '\x1d\x1f\x1d\n'

/** Types that 0.29.3 does not know it leaves out; those of drivers' own it shows only when asked. */
const SYSDIG_TYPES = 336
const isShown = (ev: Event) => ev.packet === undefined && ev.type < SYSDIG_TYPES && ev.name !== 'procinfo' && (ev.flags & 1) === 0

/** What sysdig prints, cut at the ends of its lines. `end` undefined: one line each. */
async function theirs(path: string, args: readonly string[], end = '\n'): Promise<string[]> {
  const { bytes } = await run('sysdig', ['-r', path, ...args])
  const lines = bytes.toString('latin1').split(end)
  lines.pop()
  return lines
}

/** Calls `each` for the events that sysdig shows, in order. */
async function walk(path: string, each: (ev: Event, index: number) => void): Promise<number> {
  let index = 0
  try {
    for await (const burst of await openFile(path, { state: true })) {
      for (const ev of burst) if (isShown(ev)) each(ev, index++)
    }
  } catch (error) {
    // A file that is cut off gives everything before.
    if ((error as { code?: string }).code !== 'ERR_CAPTURE_TRUNCATED') throw error
  }
  return index
}

const buffer = new TextBuffer()

function textOf(format: (out: TextBuffer, ev: Event) => boolean, ev: Event): string | undefined {
  buffer.length = 0
  buffer.reserve(0)
  return format(buffer, ev) ? buffer.bytes.toString('latin1', 0, buffer.length) : undefined
}

const used = new Set<Difference>()

/** Why that field may differ there; undefined: it may not. */
function causeOf(file: string, field: string, ev: Event, ours: string, theirs: string): Difference | undefined {
  const event = `${ev.dir} ${ev.name}`
  const found = DIFFERENCES.find(entry =>
    (entry.files?.test(file) ?? true) && entry.fields.test(field) && (entry.events?.test(event) ?? true) &&
    (entry.theirs?.test(theirs) ?? true) && (entry.ours?.test(ours) ?? true))
  if (found !== undefined) used.add(found)
  return found
}

/** Compares lines; returns how many were compared. The text of a line is that of its fields: entries for evt.info hold for it. */
async function compare(path: string, what: string, said: readonly string[], ours: (ev: Event) => string | undefined): Promise<number> {
  const file = basename(path)
  const count = await walk(path, (ev, index) => {
    const expected = said[index]
    if (expected === undefined) return
    const text = ours(ev) ?? ''
    if (text === expected || (causeOf(file, what, ev, text, expected) ?? causeOf(file, 'evt.info', ev, text, expected)) !== undefined) return
    assert.is(text, expected, `${file}, ${what} of event ${ev.num} (${ev.dir} ${ev.name})\n  ours   ${JSON.stringify(text)}\n  sysdig ${JSON.stringify(expected)}`)
  })
  if (STOPS[file] === undefined) assert.is(said.length, count, `${file}: events shown`)
  else assert.ok(said.length < count, `${file}: ${STOPS[file]}`)
  return said.length
}

/** Arguments for the fields that take one. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'evt.arg': ['[0]', '[1]', '[2]', '.fd', '.name', '.flags', '.res', '.data', '.size', '.tuple', '.addr', '.exe', '.comm', '.pid', '.dirfd', '.fds'],
  'evt.rawarg': ['.res', '.name', '.data', '.comm', '.size', '.pid', '.cwd'],
  'evt.abspath': ['', '.src', '.dst'],
  'proc.aname': ['[0]', '[1]', '[2]', '[3]', '[9]'],
  'proc.apid': ['[0]', '[1]', '[2]', '[3]', '[9]'],
  'proc.env': [''],
  'thread.cgroup': ['.cpu', '.memory', '.nope'],
  'container.mount': ['[0]'], 'container.mount.source': ['[0]'], 'container.mount.dest': ['[0]'],
  'container.mount.mode': ['[0]'], 'container.mount.rdwr': ['[0]'], 'container.mount.propagation': ['[0]'],
  'evt.type.is': [],
}

/** Those that change from run to run, or that a file cannot have. */
const LEFT_OUT = new Set(['util.cnt'])

const FIELDS = fields().filter(({ name, since, filterOnly }) => since === undefined && filterOnly !== true && !LEFT_OUT.has(name))
  .flatMap(({ name, arg }) => (ARGUMENTS[name] ?? (arg === 'required' ? [] : [''])).map(text => name + text))

/** One run with many fields; those that sysdig refuses for this file are left out. */
async function theirFields(path: string, names: readonly string[]): Promise<{ names: readonly string[]; rows: string[][] }> {
  const format = (list: readonly string[]) => `*${list.map(name => `%${name}`).join(NEXT)}${END.slice(0, -1)}`
  const { bytes, stderr } = await run('sysdig', ['-r', path, '-p', format(names)])
  const stdout = bytes.toString('latin1')
  const refused = /wrong event type|unknown event argument/.test(stderr + stdout.slice(0, 200))
  if (!refused) return { names, rows: stdout.split(END).slice(0, -1).map(line => line.split(NEXT)) }
  const [one, other] = names.length === 1 ? [[], []] : [names.slice(0, names.length >> 1), names.slice(names.length >> 1)]
  const [first, second] = [one, other].map(list => list.length === 0 ? undefined : theirFields(path, list))
  const parts = (await Promise.all([first, second])).filter(part => part !== undefined)
  const length = Math.max(0, ...parts.map(({ rows }) => rows.length))
  return { names: parts.flatMap(part => part.names), rows: Array.from({ length }, (_, i) => parts.flatMap(({ rows }) => rows[i] ?? [])) }
}

async function compareFields(path: string): Promise<number> {
  const file = basename(path)
  let compared = 0
  const GROUP = 80
  for (let at = 0; at < FIELDS.length; at += GROUP) {
    const { names, rows } = await theirFields(path, FIELDS.slice(at, at + GROUP))
    const formats = names.map(name => compileFormat(`*%${name}`))
    await walk(path, (ev, index) => {
      const row = rows[index]
      if (row === undefined) return
      for (let i = 0; i < names.length; i++) {
        compared++
        const text = textOf(formats[i], ev)!
        if (text === row[i] || causeOf(file, names[i], ev, text, row[i]) !== undefined) continue
        assert.is(text, row[i], `${file}, ${names[i]} of event ${ev.num} (${ev.dir} ${ev.name})\n  ours   ${JSON.stringify(text)}\n  sysdig ${JSON.stringify(row[i])}`)
      }
    })
  }
  return compared
}

asSysdig('every field of sysdig is there', async () => {
  const { stdout } = await run('sysdig', ['-l'])
  const listed = [...stdout.matchAll(/^((?:evt|proc|thread|fd|user|group|container|fdlist|syslog|syscall|util)\.[a-z0-9_.]+)/gm)].map(([, name]) => name)
  assert.ok(listed.length > 150, `${listed.length} fields listed`)
  const known = new Set(fields().map(({ name }) => name))
  assert.equal(listed.filter(name => !known.has(name)), [])
})

for (const path of RECORDINGS) {
  asSysdig(`${basename(path)}: every field`, async () => {
    const compared = await compareFields(path)
    assert.ok(compared > 1_000_000, `${compared} values compared`)
  })
}

asSysdig('vectors: every field', async () => {
  let compared = 0
  for (const path of VECTORS) compared += await compareFields(path)
  assert.ok(compared > 50_000, `${compared} values compared`)
})

/** A line that begins with the number of the event, without it: a file with packets numbers them too. */
const unnumbered = (format: string) => format.replace('%evt.num ', '')

const lines = (options: FormatOptions, format = DEFAULT_FORMAT) => {
  const compiled = compileFormat(unnumbered(format), options)
  return (ev: Event) => textOf(compiled, ev)
}

for (const [name, args, options, format] of [
  ['default', [], {}, DEFAULT_FORMAT],
  ['-t a', ['-t', 'a'], { time: 'a' }, DEFAULT_FORMAT],
  ['-t r', ['-t', 'r'], { time: 'r' }, DEFAULT_FORMAT],
  ['-t d', ['-t', 'd'], { time: 'd' }, DEFAULT_FORMAT],
  ['-t D', ['-t', 'D'], { time: 'D' }, DEFAULT_FORMAT],
  ['-pc', [], {}, CONTAINER_FORMAT],
  ['-j', ['-j'], { json: true }, DEFAULT_FORMAT],
  ['-A', ['-A'], { buffers: 'ascii' }, DEFAULT_FORMAT],
  ['-x', ['-x'], { buffers: 'hex' }, DEFAULT_FORMAT],
  ['-X', ['-X'], { buffers: 'hexascii' }, DEFAULT_FORMAT],
  ['-b', ['-b'], { buffers: 'base64' }, DEFAULT_FORMAT],
  ['-v', ['-v'], { whole: true }, DEFAULT_FORMAT],
] as [string, string[], FormatOptions, string][]) {
  asSysdig(`lines: ${name}`, async () => {
    let compared = 0
    for (const path of [...RECORDINGS, ...VECTORS]) {
      // Buffers may hold newlines: a mark at the end of each line says where it ends.
      const end = options.json === true ? '\n' : END
      const mark = options.json === true ? '' : END.slice(0, -1)
      const said = await theirs(path, [...args, '-p', unnumbered(format) + mark], end)
      compared += await compare(path, `lines ${name}`, said, lines(options, format))
    }
    assert.ok(compared > 56_000, `${compared} lines`)
  })
}

asSysdig('the formats themselves are sysdig\'s', async () => {
  const [path] = RECORDINGS.filter(name => name.endsWith('small.scap'))
  assert.is(await compare(path, 'default', await theirs(path, []), ev => textOf(compileFormat(DEFAULT_FORMAT), ev)), 4976)
  assert.is(await compare(path, '-pc', await theirs(path, ['-pc']), ev => textOf(compileFormat(CONTAINER_FORMAT), ev)), 4976)
  const json = compileFormat(DEFAULT_FORMAT, { json: true })
  assert.is(await compare(path, '-j', await theirs(path, ['-j']), ev => textOf(json, ev)), 4976)
})

asSysdig('every difference that is listed is one', () => {
  assert.equal(DIFFERENCES.filter(entry => !used.has(entry)).map(({ cause }) => cause), [])
})


