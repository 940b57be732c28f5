import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { generate } from '../../../lib/event/generate.js'
import { EVENT_COUNT, eventInfo, eventName, flagTable, syscallName, syscallNumber } from '../../../lib/event/table.js'
import { event, eventOver, record } from '../../helpers/record.js'

const ROOT = new URL('../../../', import.meta.url)

test('the committed generated files are what the generator writes', () => {
  for (const [path, content] of generate()) {
    assert.ok(readFileSync(new URL(path, ROOT), 'utf8') === content, `${path} is not current: npm run generate`)
  }
})

test('an event type has its name, direction, category, flags and parameters', () => {
  const info = eventInfo(307)!
  assert.is(info.const, 'PPME_SYSCALL_OPENAT_2_X')
  assert.is(info.name, 'openat')
  assert.is(info.dir, 'exit')
  assert.is(info.category, 'FILE')
  assert.ok(info.flags.includes('CREATES_FD'))
  assert.equal(info.params.map((p) => p.name), ['fd', 'dirfd', 'name', 'flags', 'mode', 'dev', 'ino'])
  assert.equal(info.params[2], { name: 'name', type: 'FSRELPATH', format: 'NA', dirfd: 1 })
  assert.equal(info.params[3], { name: 'flags', type: 'FLAGS32', format: 'HEX', table: 'file_flags' })
  assert.is(eventInfo(307), info)
})

test('parameters that later drivers append are known', () => {
  assert.equal(eventInfo(9)!.params.map((p) => p.name), ['res', 'data', 'fd', 'size'])
})

test('codes of later drivers are known up to a point, and then unknown', () => {
  assert.is(EVENT_COUNT, 454)
  assert.is(eventInfo(451)!.name, 'close_range')
  for (const type of [454, 65534, -1, 1.5, NaN]) assert.is(eventInfo(type), undefined)
  assert.is(eventName(event({ type: 454 })), 'unknown')
  assert.is(eventName(event({ type: 0xffff })), 'packet')
})

test('every event can be parsed, and every parameter has a type', () => {
  for (let code = 0; code < EVENT_COUNT; code++) {
    const info = eventInfo(code)!
    assert.is(info.code, code)
    assert.match(info.const, code % 2 === 0 ? /^PPME_\w+_E$/ : /^PPME_\w+_X$/)
    for (const param of info.params) assert.match(`${param.name} ${param.type} ${param.format}`, /^\w+ [A-Z][A-Z\d_]* [A-Z_\d]+$/)
  }
})

test('a generic event is named after its system call, as by sysdig', () => {
  const generic = (...params: number[]) => eventName(event({ type: 'PPME_GENERIC_E', params }))
  assert.is(generic(178, 230), 'clock_nanosleep')
  assert.is(generic(298, 15), 'sigreturn')
  assert.is(generic(0, 334), '<unknown>')
  assert.is(eventName(event({ type: 'PPME_GENERIC_E', params: [0, 334, new Uint8Array([0x7c, 1])] })), 'rseq') // hidden from sysdig 0.29.3
  assert.is(generic(9999, 0), '<unknown>')
  assert.is(generic(), '<unknown>')
  assert.is(eventName(event({ type: 'PPME_GENERIC_X', params: [new Uint8Array(1)] })), '<unknown>')
})

test('the name of an event that stands in the middle of memory', () => {
  const bytes = record({ type: 'PPME_SYSCALL_CLOSE_E', params: [3] })
  const memory = new Uint8Array(100 + bytes.length)
  memory.set(bytes, 33)
  assert.is(eventOver(memory, 33).name, 'close')
})

test('system calls by code and by number', () => {
  assert.is(syscallName(5), 'open')
  assert.is(syscallNumber('read'), 0)
  assert.is(syscallNumber('openat'), 257)
  assert.is(syscallNumber('pidfd_send_signal'), 424)
  assert.is(syscallNumber('no_such_call'), undefined)
  assert.is(syscallNumber(''), undefined)
})

test('arm64: every call of its list has a row, with the events and codes of its namesake on x86_64', () => {
  const header = generate().get('native/probe/bpf/events.generated.h')!
  const rows = (macro: string) => {
    const [text] = new RegExp(`#define ${macro}\\(X\\)[^]*?\\n\\n`).exec(header)!
    return [...text.matchAll(/X\((\d+), (\w+), (.*?)\)/g)].map(([, nr, name, rest]) => ({ nr: Number(nr), name, rest }))
  }
  const tables = new URL('lib/event/tables/', ROOT)
  const { numbers } = JSON.parse(readFileSync(new URL('syscall_numbers_arm64.json', tables), 'utf8')) as { numbers: Record<string, number> }
  const arm64 = rows('SYSCALLS_ARM64')
  assert.equal(Object.fromEntries(arm64.map(({ nr, name }) => [name, nr])), numbers)
  assert.is(new Set(arm64.map(({ nr }) => nr)).size, arm64.length)
  const x86 = new Map(rows('SYSCALLS_X86_64').map(({ name, rest }) => [name, rest]))
  for (const { name, rest } of arm64) assert.is(rest, x86.get(name), name)
  for (const [name, nr] of Object.entries(numbers)) assert.is(syscallNumber(name, 'arm64'), nr)
  // Linux never changes these: include/uapi/asm-generic/unistd.h
  assert.equal(['openat', 'read', 'write', 'execve', 'rt_sigreturn', 'clone3', 'mmap', 'newfstatat'].map(name => numbers[name]), [56, 63, 64, 221, 139, 435, 222, 79])
  assert.is(syscallNumber('open', 'arm64'), undefined)
})

test('32-bit calls: every one is a call of x86_64 or none; what is laid out otherwise is generic', () => {
  const header = generate().get('native/probe/bpf/events.generated.h')!
  const twin = (nr: number, name: string) => new RegExp(`X\\(${nr}, ${name}, (\\d+), ([01])\\)`).exec(header)?.slice(1).map(Number)
  assert.equal(twin(3, 'read'), [0, 0])
  assert.equal(twin(11, 'execve'), [59, 0])
  assert.equal(twin(192, 'mmap2'), [9, 0])
  assert.equal(twin(23, 'setuid'), [105, 1])
  assert.equal(twin(213, 'setuid32'), [105, 0])
  assert.equal(twin(5, 'accept'), [43, 0]) // of socketcall()
  assert.is(twin(17, 'break'), undefined)
})

test('flag tables keep the order of the driver', () => {
  const table = flagTable('file_flags')!
  assert.equal(table.names.slice(10, 13), ['O_RDWR', 'O_WRONLY', 'O_RDONLY'])
  assert.is(table.values[table.names.indexOf('O_RDWR')], 3)
  assert.is(flagTable('mount_flags')!.values.at(-1), 0x8000_0000)
  assert.is(flagTable('no_such_table'), undefined)
  assert.is(flagTable('constructor'), undefined)
})

test('the probe sends what sysdig 0.29 can read, where that carries the same', () => {
  const header = generate().get('native/probe/bpf/events.generated.h')!
  const codes = (name: string) => new RegExp(`X\\(\\d+, ${name}, (.*?), \\d+, \\d+\\)`).exec(header)![1]
  assert.is(codes('accept4'), '248, 249, 388, 389')
  assert.is(codes('dup'), '124, 125, 366, 367')
  assert.is(codes('openat'), '306, 307, 306, 307')
  assert.is(codes('bpf'), '368, 369, 368, 369')
  assert.is(codes('getpid'), '0, 1, 0, 1')
  assert.match(header, /X\(334, rseq, 0, 1, 0, 1, 0, 380\)/) // a code that sysdig 0.29.3 does not know
  assert.match(header, /\n#define PPM_FILE_FLAGS_O_RDWR 3\n#define PPM_O_RDWR 3\n/)
  assert.not.match(header, /#define PPM_UNKNOWN [^0]/)
})

test.run()
