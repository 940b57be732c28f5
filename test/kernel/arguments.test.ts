import * as assert from 'uvu/assert'
import { type Event, eventInfo, open } from '../../lib/index.js'
import { compare, parseCalls } from '../helpers/expected.js'
import { folder } from '../helpers/folder.js'
import { compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('arguments', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 60_000 })

/** The system calls that must come with all their parameters; the others of arguments.c are a bonus. */
const PROMISED = `open openat openat2 creat close read write readv writev pread64 pwrite64 preadv pwritev lseek dup dup2 dup3 pipe
  pipe2 fcntl ioctl stat lstat fstat newfstatat access unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir chdir fchdir
  chmod fchmod fchmodat link linkat symlink symlinkat kill tgkill prctl setuid setgid setresuid setresgid setreuid setregid mmap
  munmap brk futex nanosleep poll ppoll select epoll_create epoll_create1 epoll_wait eventfd eventfd2 timerfd_create
  signalfd signalfd4 inotify_init inotify_init1 socket bind connect listen accept accept4 sendto recvfrom sendmsg recvmsg shutdown
  socketpair setsockopt getsockopt getsockname getpeername`.split(/\s+/)

/** Events that are called otherwise than their system call. */
const EVENT_OF: Record<string, string> = { pread64: 'pread', pwrite64: 'pwrite' }
/** In the version that sysdig 0.29.3 knows. */
const OLD_EVENT_OF: Record<string, string> = { accept4: 'accept' }

let program = ''
test.before(() => { program = compile('arguments') })

for (const events of ['both', 'exit'] as const) {
  test(`${events}: every parameter is what the program passed and got`, async () => {
    const running = await start(program, [], { cwd: folder().path })
    const capture = await open('sysdig', { events, pids: { allow: [running.pid] } })
    running.go()
    const ended = running.output.finally(() => capture.stop())
    const kept: Event[] = []
    for await (const burst of capture) for (const ev of burst) kept.push(ev.retain())
    assert.is(capture.stats().dropped.total, 0)

    const wrong: string[] = []
    /** Event → the parameters that were compared, and how often. */
    const coverage = new Map<string, { params: Set<string>; times: number }>()
    const seen = new Set<string>()
    let at = 0
    for (const call of parseCalls(await ended)) {
      const name = EVENT_OF[call.name] ?? (events === 'both' ? OLD_EVENT_OF[call.name] : undefined) ?? call.name
      // Calls that the program makes for itself stand between.
      while (at < kept.length && !(kept[at].name === name && kept[at].dir === 'exit')) at++
      if (at === kept.length) {
        wrong.push(`${call.name} with ${JSON.stringify([...call.params])} never came`)
        break
      }
      const pair = events === 'both' ? [kept[at - 1], kept[at]] : [kept[at]]
      for (const ev of pair) {
        if (ev.name !== name || ev.tid !== call.tid) wrong.push(`${ev.name} of ${ev.tid} instead of ${name} of ${call.tid}`)
        const info = eventInfo(ev.type)!
        const result = compare(ev, call)
        wrong.push(...result.wrong)
        const row = coverage.get(info.const) ?? { params: new Set(), times: 0 }
        for (const param of result.compared) row.params.add(param)
        row.times++
        coverage.set(info.const, row)
        // The exit-only model has what later versions of the table appended, the other one what sysdig 0.29.3 knows.
        const full = ev.dir === 'exit' && events === 'exit'
        if (full && ev.nparams !== info.params.length) wrong.push(`${info.const} has ${ev.nparams} parameters instead of ${info.params.length}`)
        if (ev.nparams > info.params.length) wrong.push(`${info.const} has ${ev.nparams} parameters, the table ${info.params.length}`)
      }
      seen.add(call.name)
      at++
    }
    console.log(`${events}: parameters compared`)
    for (const [event, { params, times }] of [...coverage].sort()) console.log(`  ${event.padEnd(34)} ${String(times).padStart(3)}×  ${[...params].join(' ')}`)
    assert.equal(wrong, [])
    assert.equal(PROMISED.filter(name => !seen.has(name)), [], 'calls that were never seen')
  })
}
