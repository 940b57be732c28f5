import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { argsText } from '../../lib/event/text.js'
import { open } from '../../lib/index.js'
import { folder } from '../helpers/folder.js'
import { compile, start } from '../helpers/program.js'
import { ROOT } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('32-bit calls', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 40_000 })

let program = ''
let image = ''
test.before(() => {
  program = compile('ia32')
  image = folder().file('ia32image')
  execFileSync('cc', ['-m32', '-O1', '-nostdlib', '-static', '-ffreestanding', '-fno-pic', '-no-pie', '-o', image, join(ROOT, 'test/kernel/programs/ia32image.c')])
})

/** What each call must become, in its order: exit events of both models, then what only the exit-only one carries. */
const expected = (fd: string, one: string, two: string): [name: string, both: RegExp | string, more?: RegExp | string][] => [
  ['openat', new RegExp(`^fd=${fd} dirfd=-100\\(AT_FDCWD\\) name=ia32\\.txt\\S* flags=\\d+\\(O_TRUNC\\|O_CREAT\\|O_RDWR\\|O_F_CREATED\\) mode=0600 dev=\\w+ ino=\\d+$`)],
  ['write', 'res=10 data=0123456789', `fd=${fd} size=10`],
  ['lseek', 'res=7', `fd=${fd} offset=-3 whence=2(SEEK_END)`],
  ['read', `res=3 data=789 fd=${fd} size=3`],
  ['pread', `res=0 data= fd=${fd} size=4 pos=4294967298`],
  ['writev', 'res=5 data=78789', `fd=${fd} size=5`],
  ['stat', 'res=-2(ENOENT) path=/nonexistent/ia32'],
  ['mmap', /^res=\w+ vm_size=\d+ vm_rss=\d+ vm_swap=0/, `addr=0 length=4096 prot=1(PROT_READ) flags=2(MAP_PRIVATE) fd=${fd} offset=8192`],
  ['mmap', /^res=\w+ vm_size=/, 'addr=0 length=8192 prot=2(PROT_WRITE) flags=10(MAP_PRIVATE|MAP_ANONYMOUS) fd=-1(EPERM) offset=4096'],
  ['setresuid', 'res=0', 'ruid=-1(<NONE>) euid=-1(<NONE>) suid=-1(<NONE>)'],
  ['futex', 'res=0', / addr=\w+ op=1\(FUTEX_WAKE\) val=7$/],
  ['nanosleep', ''], // generic: struct old_timespec32
  ['<unknown>', ''], // break
  ['getppid', ''],
  ['socketpair', new RegExp(`^res=0 fd1=${one} fd2=${two} source=\\w+ peer=\\w+`), 'domain=1(AF_LOCAL) type=2 proto=0'],
  ['setsockopt', `res=0 fd=${one} level=1(SOL_SOCKET) optname=20(SO_RCVTIMEO) val=3000005000(3s) optlen=8`],
  ['sendmsg', 'res=5 data=78789', `fd=${one} size=5`],
  ['sendto', 'res=6 data=789345', `fd=${one} size=6`],
  ['<unknown>', ''], // socketcall of a number that there is none of
  ['socket', /^fd=\d+ domain=2\(AF_INET\) type=1 proto=0/],
  ['close', 'res=0', `fd=${fd}`],
  ['execve', /^res=-2\(ENOENT\) exe=7893456789 args=ia32\.txt\. tid=/, 'filename=/nonexistent/ia32'],
  ['write', /^res=\d+ data=fd \d+ pair \d+ \d+\./],
  ['execve', /^res=0 exe=\S*ia32image args=thirty-two\. tid=/],
  ['write', 'res=7 data=narrow.'],
]

for (const events of ['both', 'exit'] as const) {
  test(`${events}: each is the event of its 64-bit twin, with its own arguments`, async () => {
    const run = await start(program, [image])
    const capture = await open('sysdig:bpf', { events, pids: { allow: [run.pid] }, tracepoints: [] })
    run.go()
    const ended = run.output.finally(() => capture.stop())
    const exits: [name: string, text: string, nativeId: number | undefined][] = []
    const enters: string[] = []
    for await (const burst of capture) {
      for (const ev of burst) {
        const { name } = ev
        // libc's own calls, on the way to its exec.
        if (name === 'newfstatat' || name === 'fstat' || name === 'rt_sigtimedwait') continue
        if (ev.dir === 'enter') enters.push(name)
        else exits.push([name, argsText(ev).trim(), (ev.args as { nativeID?: number }).nativeID])
      }
    }
    assert.is(capture.stats().dropped.total, 0)
    const [, fd, one, two] = /fd (\d+) pair (\d+) (\d+)/.exec(await ended)!
    const rows = expected(fd, one, two)
    assert.equal(exits.map(([name]) => name), rows.map(([name]) => name))
    // The 32-bit image never returns from exit.
    if (events === 'both') assert.equal(enters, [...rows.map(([name]) => name), 'exit'])
    rows.forEach(([name, both, more], i) => {
      const [, text] = exits[i]
      assert.match(text, both, name)
      if (events === 'exit' && more !== undefined) assert.match(text, more, name)
    })
    assert.equal(exits.filter(([name]) => name === 'nanosleep' || name === '<unknown>').map(([, , nr]) => nr), [162, 17, 102])
  })
}

test('the mask goes by the name of the twin, whatever 64-bit call has the number', async () => {
  const run = await start(program)
  // 64 is semget, and 32-bit getppid; 102 is getuid, and socketcall.
  const capture = await open('sysdig:bpf', { events: 'exit', syscalls: ['getppid', 'setsockopt', 'stat', 'execve'], tracepoints: [], pids: { allow: [run.pid] } })
  run.go()
  const ended = run.output.finally(() => capture.stop())
  const names: string[] = []
  for await (const burst of capture) for (const ev of burst) names.push(ev.name)
  await ended
  assert.equal(names, ['stat', 'getppid', 'setsockopt', 'execve'])
  const { seen, delivered, dropped, filtered, pending } = capture.stats()
  assert.is(seen, delivered + dropped.total + filtered + pending)
})
