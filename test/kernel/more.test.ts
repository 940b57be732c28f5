import * as assert from 'uvu/assert'
import { eventInfo } from '../../lib/event/table.js'
import { argsText } from '../../lib/event/text.js'
import { open } from '../../lib/index.js'
import { compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('more calls', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 40_000 })

let program = ''
test.before(() => { program = compile('more') })

for (const events of ['both', 'exit'] as const) {
  test(`${events}: arguments of the calls that no other test makes`, async () => {
    const run = await start(program)
    const capture = await open('sysdig', { events, pids: { allow: [run.pid] } })
    run.go()
    const ended = run.output.finally(() => capture.stop())
    const seen = new Map<string, string>()
    for await (const burst of capture) {
      for (const ev of burst) {
        seen.set(`${ev.dir === 'enter' ? '>' : '<'} ${ev.name}`, argsText(ev).trim())
        const info = eventInfo(ev.type)!
        if (events === 'exit' && ev.dir === 'exit' && ev.type > 1) assert.is(ev.nparams, info.params.length, ev.name)
      }
    }
    const [, cur, max, file, out, sem, page] = /nofile (\d+) (\d+) fds (\d+) (\d+) sem (\d+) page (\d+)/.exec(await ended)!
    const hex = BigInt(page).toString(16).toUpperCase()

    /** Exit events: what both models carry, then what only the exit-only one does. */
    const expected: Record<string, [both: string, more?: string]> = {
      chown: ['res=0 path=more.txt(more.txt) uid=1 gid=2'],
      lchown: ['res=-2(ENOENT) path=/nonexistent/more uid=3 gid=4'],
      fchown: [`res=0 fd=${file} uid=5 gid=6`],
      fchownat: ['res=0 dirfd=-100(AT_FDCWD) pathname=more.txt(more.txt) uid=7 gid=8 flags=1024(AT_SYMLINK_NOFOLLOW)'],
      mknod: ['res=0 path=more.fifo(more.fifo) mode=010640'],
      mknodat: ['res=0 dirfd=-100(AT_FDCWD) path=more.null(more.null) mode=020600'],
      chroot: ['res=-2(ENOENT) path=/nonexistent'],
      mount: ['res=-2(ENOENT) dev=none dir=/nonexistent type=tmpfs', 'flags=6(NOSUID|NODEV)'],
      umount2: ['res=-2(ENOENT) name=/nonexistent', 'flags=2(DETACH)'],
      mlock: [`res=0 addr=${hex} len=4096`],
      mlock2: [`res=0 addr=${hex} len=4096 flags=1(MLOCK_ONFAULT)`],
      munlock: [`res=0 addr=${hex} len=4096`],
      munlockall: ['res=0'],
      getrlimit: [`res=0 cur=${cur} max=${max}`, 'resource=7(RLIMIT_NOFILE)'],
      setrlimit: ['res=0 cur=0 max=4096 resource=4(RLIMIT_CORE)'],
      prlimit: ['res=0 newcur=1000 newmax=2000 oldcur=-1 oldmax=-1 pid=0 resource=0(RLIMIT_CPU)'],
      sendfile: ['res=4 offset=7', `out_fd=${out} in_fd=${file} size=4`],
      splice: ['res=5', `fd_in=${file} fd_out=`],
      copy_file_range: [`res=3 fdout=${file} offout=23`, `fdin=${file} offin=4 len=3`],
      memfd_create: ['name=more-memfd flags=3(MFD_CLOEXEC|MFD_ALLOW_SEALING)'],
      pidfd_open: [`pid=${run.pid} flags=0`],
      pidfd_getfd: ['fd=-9(EBADF) pid_fd=-1'],
      unshare: ['res=0', 'flags=0'],
      setns: ['res=-9(EBADF)', 'fd=-1(EPERM) nstype=16(CLONE_NEWNET)'],
      seccomp: ['res=-22(EINVAL)', 'op=99 flags=1'],
      bpf: ['fd=-22(EINVAL) cmd=9999'],
      userfaultfd: ['flags=4096(O_CLOEXEC)'],
      delete_module: ['name=no_such_module flags=2(O_NONBLOCK)'],
      finit_module: ['uargs=option=1 flags=1(MODULE_INIT_IGNORE_MODVERSIONS)'],
      semget: [`res=${sem}`, 'key=0 nsems=2 semflg='],
      semop: ['res=0 nsops=2 sem_num_0=1 sem_op_0=3 sem_flg_0=1(IPC_NOWAIT) sem_num_1=0 sem_op_1=0 sem_flg_1=3(IPC_NOWAIT|SEM_UNDO)', `semid=${sem}`],
      semctl: ['res=0', `semid=${sem} semnum=0 cmd=4(IPC_RMID) val=0`],
      process_vm_readv: [`res=4 pid=${run.pid}`],
    }
    const wrong = Object.entries(expected).flatMap(([name, [both, more]]) => {
      const text = seen.get(`< ${name}`) ?? 'not seen'
      return [both, events === 'exit' ? more : undefined]
        .filter(part => part !== undefined && !text.includes(part))
        .map(part => `${name}: ${part}\n    in: ${text}`)
    })
    assert.is(wrong.length, 0, wrong.join('\n'))
    assert.is(capture.stats().dropped.total, 0)
  })
}
