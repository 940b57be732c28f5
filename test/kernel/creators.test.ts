import * as assert from 'uvu/assert'
import { type Event, eventInfo, open } from '../../lib/index.js'
import { compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('calls that the state follows', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 30_000 })

let program = ''
test.before(() => { program = compile('creators') })

/** Of the enter event, or where there is none of the exit event, behind what the program prints. */
const ENTERED: Readonly<Record<string, Record<string, unknown>>> = {
  dup: { fd: 1 }, dup2: { fd: 1 }, dup3: { fd: 1 }, fcntl: { fd: 1, cmd: 26 }, epoll_create1: { flags: 1 }, eventfd2: { initval: 7n },
  signalfd4: { fd: -1, mask: 1 << 9 }, timerfd_create: { clockid: 7, flags: 0 }, accept4: { flags: 4096 },
  socketpair: { domain: 1, type: 0o4001, proto: 0 },
  unshare: { flags: 1 << 1 | 1 << 7 }, setns: { nstype: 1 << 7 },
}
/** In the model with enter events, for sysdig 0.29.3. */
const OLDER: Readonly<Record<string, string>> = { accept4: 'accept' }

for (const events of ['both', 'exit'] as const) {
  test(`${events}: each arrives with the parameters of its event`, async () => {
    const running = await start(program)
    const capture = await open('sysdig', { events, pids: { allow: [running.pid] } })
    running.go()
    const ended = running.output.finally(() => capture.stop())
    const kept: Event[] = []
    for await (const burst of capture) for (const ev of burst) kept.push(ev.retain())
    const lines = (await ended).trim().split('\n').filter(line => !line.startsWith('fds '))
    assert.is(lines.length, 21)
    let at = 0
    for (const line of lines) {
      const [, call, rest] = /^(\S+) (.*)$/.exec(line)!
      if (rest === 'not here') continue
      // Of these the tables have no event.
      if (call === 'close_range') {
        assert.ok(kept.slice(at).some(({ type, args }) => type < 2 && (args.nativeID === 436 || args.ID === 392)))
        continue
      }
      const name = events === 'both' ? (OLDER[call] ?? call) : call
      const found = kept.findIndex((ev, i) => i >= at && ev.name === name && ev.dir === 'exit' && matches(ev, rest))
      assert.ok(found >= 0, `${line}\n  is none of\n  ${kept.slice(at).filter(ev => ev.name === name).map(described).join('\n  ')}`)
      at = found + 1
      const exit = kept[found]
      if (events === 'exit') assert.is(exit.nparams, eventInfo(exit.type)!.params.length, call)
      const begun = events === 'both' ? kept[found - 1] : exit
      if (events === 'both') assert.equal([begun.name, begun.dir, begun.nparams], [name, 'enter', eventInfo(begun.type)!.params.length])
      const params = named(begun)
      for (const [key, value] of Object.entries(ENTERED[call] ?? {})) {
        // Of dup and its kin the exit event has them under other names.
        if (events === 'both' || params.has(key)) assert.equal(number(params.get(key)), number(value), `${call}: ${key}`)
      }
    }
    assert.is(capture.stats().dropped.total, 0)
  })
}

const number = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value)

/** Its parameters by name. */
function named({ type, nparams, args }: Event): Map<string, unknown> {
  return new Map(eventInfo(type)!.params.slice(0, nparams).map(({ name }) => [name, args[name]]))
}

function described(ev: Event): string {
  return [ev.dir, ...Array.from(named(ev), ([key, value]) => `${key}=${String(value)}`)].join(' ')
}

/** "res=3 name=a memfd flags=1": each value is that parameter; a path ends with it, and a tuple has the port. */
function matches(ev: Event, line: string): boolean {
  const params = named(ev)
  return [...line.matchAll(/(\w+)=(.*?)(?= \w+=|$)/g)].every(([, key, value]) => {
    if (key === 'port') return JSON.stringify(params.get('tuple')).includes(value)
    // An older version of the event says it when the call begins.
    if (!params.has(key)) return key === 'flags' || key === 'oldfd'
    return key === 'path' ? String(params.get(key)).endsWith(value) : String(params.get(key)) === value
  })
}
