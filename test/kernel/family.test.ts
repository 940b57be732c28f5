import { statSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type Event, open } from '../../lib/index.js'
import { flagTable } from '../../lib/event/table.js'
import { compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('processes', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 40_000 })

let program = ''
test.before(() => { program = compile('family') })

const ARGS = ['child', '42', '', 'fünf']
const ENV = ['ONE=1', 'TWO=two words']
const NS = 1_000_000_000n
const cloneFlags = (...names: string[]) => names.reduce((sum, name) => sum | flagTable('clone_flags')!.values[flagTable('clone_flags')!.names.indexOf(name)], 0)

for (const events of ['both', 'exit'] as const) {
  test(`${events}: fork, vfork, clone, exec, exit and signals`, async () => {
    const parent = await start(program)
    const capture = await open('sysdig', {
      events, syscalls: ['fork', 'vfork', 'clone', 'clone3', 'execve', 'execveat', 'kill', 'exit', 'exit_group', 'getppid'], ringBytes: 4 << 20,
    })
    parent.go()
    const ended = parent.output.finally(() => capture.stop())
    const all: Event[] = []
    for await (const burst of capture) for (const ev of burst) all.push(ev.retain())
    const of = new Map((await ended).trim().split('\n').map((line) => {
      const [kind, ...values] = line.split(' ')
      return [kind, Object.fromEntries(values.map(value => value.split('=')).map(([key, value]) => [key, Number(value)]))]
    }))
    const pid = (kind: string) => of.get(kind)!.pid
    assert.is(capture.stats().dropped.total, 0)
    /** The one exit event of that name in that thread which `when` holds for. */
    const one = (tid: number, name: string, when: (ev: Event) => boolean = () => true): Event['args'] & Record<string, unknown> => {
      const found = all.filter(ev => ev.tid === tid && ev.name === name && ev.dir === 'exit' && when(ev))
      assert.is(found.length, 1, `${name} of ${tid}: ${all.filter(ev => ev.tid === tid).map(ev => `${ev.name} ${ev.dir}`).join(', ')}`)
      return found[0].args as never
    }
    const uid = process.getuid!()
    const gid = process.getgid!()

    // Parents and children
    for (const [kind, flags] of [['fork', 0], ['vfork', undefined], ['clone', cloneFlags('CLONE_FS')], ['clone3', cloneFlags('CLONE_FILES')]] as const) {
      // glibc's vfork() is one; where it is not, it would be clone.
      const child = pid(kind)
      for (const [tid, res, ptid] of [[parent.pid, child, process.pid], [child, 0, parent.pid]]) {
        const args = one(tid, kind, ev => ev.args.res === res)
        assert.equal([args.exe, args.args, args.tid, args.pid, args.ptid, args.comm], [program, [], tid, tid, ptid, 'family'], `${kind} ${tid}`)
        assert.equal([args.uid, args.gid, args.vtid, args.vpid], [uid, gid, tid, tid])
        if (flags !== undefined) assert.is(args.flags, flags, kind)
        // The kernel counts resident pages per CPU and adds them up now and then: of a young process it may know of none.
        assert.ok((args.vm_size as number) > 1000 && (args.vm_size as number) >= (args.vm_rss as number))
        assert.ok((args.cgroups as string[]).every(line => /^(cpuset|cpu|cpuacct|io|memory)=\//.test(line)) && (args.cgroups as string[]).length > 0)
        assert.ok(Number(args.fdlimit) > 0)
        assert.is(Number(args.pidns_init_start_ts) >= 0, true)
      }
    }
    const thread = pid('thread')
    const made = one(parent.pid, 'clone', ev => ev.args.res === thread)
    assert.is(made.flags, cloneFlags('CLONE_VM', 'CLONE_FS', 'CLONE_FILES', 'CLONE_SIGHAND', 'CLONE_THREAD', 'CLONE_SYSVSEM'))
    const born = one(thread, 'clone')
    assert.equal([born.res, born.tid, born.pid, born.vtid, born.vpid], [0, thread, parent.pid, thread, parent.pid])
    const failed3 = one(parent.pid, 'clone3', ev => (ev.args.res as number) < 0)
    assert.equal([failed3.res, failed3.exe, failed3.comm], [of.get('failed3')!.res, undefined, 'family'])

    // Images
    const file = statSync(program, { bigint: true })
    for (const [kind, name] of [['vfork', 'execve'], ['clone', 'execveat']] as const) {
      const child = pid(kind)
      // x86 makes each image believe that execve started it, and so does the driver: a successful execveat ends as execve.
      const args = one(child, 'execve')
      assert.equal([args.res, args.exe, args.args, args.env], [0, 'the child', ARGS, ENV], name)
      assert.equal([args.tid, args.pid, args.ptid], [child, child, parent.pid])
      assert.equal([args.uid, args.gid, args.loginuid], [uid, gid, args.loginuid])
      assert.is(args.exe_ino, file.ino)
      // From the root of the mount tree: in a chroot that is more than the process itself sees.
      assert.ok((args.trusted_exepath as string).endsWith(program), `${args.trusted_exepath}`)
      assert.equal([args.exe_ino_mtime, args.exe_ino_ctime], [file.mtimeNs, file.ctimeNs])
      assert.ok((args.exe_ino_mtime as bigint) > 1_600_000_000n * NS)
      assert.is(args.flags, flagTable('execve_flags')!.values[flagTable('execve_flags')!.names.indexOf('EXE_WRITABLE')])
      assert.is(args.pgid, args.vpgid)
      if (name === 'execve') assert.is(args.comm, 'family')
      // The kernel calls what was run by descriptor /dev/fd/N.
      if (events === 'exit') assert.match(String(args.filename), name === 'execve' ? program : /^\/dev\/fd\/\d+$/)
      assert.ok((args.cap_effective as bigint) > 0n)
    }
    const failed = one(parent.pid, 'execve')
    assert.equal([failed.res, failed.exe, failed.args, failed.env], [of.get('failed')!.res, 'the child', ARGS, ENV])
    assert.equal([failed.comm, failed.tid], ['family', parent.pid])
    assert.ok((failed.trusted_exepath as string).endsWith(program))
    if (events === 'exit') assert.is(failed.filename, '/nowhere/program')
    const failedAt = one(parent.pid, 'execveat')
    assert.equal([failedAt.res, failedAt.exe, failedAt.args], [of.get('failedat')!.res, 'the child', ARGS])
    if (events === 'both') {
      // In the order in which they were made, over three threads. What a new process has not touched yet is not in memory
      // when it enters a call, and the probe cannot wait for it: the empty string may be missing.
      const enter = all.filter(ev => ev.dir === 'enter' && /^execve/.test(ev.name) && [parent.pid, pid('vfork'), pid('clone')].includes(ev.tid))
      const what = enter.map(ev => ev.name === 'execve' ? [ev.name, ev.args.filename] : [ev.name, ev.args.pathname ?? '', ev.args.flags])
      const at = flagTable('execveat_flags')!
      const bit = (name: string) => at.values[at.names.indexOf(name)]
      assert.equal(what, [['execve', program], ['execveat', '', bit('AT_EMPTY_PATH')], ['execve', '/nowhere/program'], ['execveat', 'none', bit('AT_SYMLINK_NOFOLLOW')]])
    }

    // Ends
    const ends = (tid: number) => {
      const found = all.filter(ev => ev.name === 'procexit' && ev.tid === tid)
      assert.is(found.length, 1)
      const { status, ret, sig, core, reaper_tid } = found[0].args as Record<string, unknown>
      return { status, ret, sig, core, reaper: typeof reaper_tid }
    }
    for (const [kind, ret, sig] of [['fork', 3, 0], ['vfork', 42, 0], ['clone', 42, 0], ['clone3', 0, 9]] as const) {
      assert.is(of.get(kind)!.status, ret << 8 | sig)
      assert.equal(ends(pid(kind)), { status: ret << 8 | sig, ret, sig, core: 0, reaper: 'number' }, kind)
    }
    assert.is(ends(thread).ret, 7)
    assert.is(ends(parent.pid).status, 0)

    // Signals
    const delivered = all.filter(ev => ev.name === 'signaldeliver' && ev.tid === parent.pid).map(ev => ev.args)
    assert.equal(delivered.filter(({ sig }) => sig === 12).map(({ spid, dpid }) => [spid, dpid]), [[parent.pid, parent.pid]])
    const killed = all.filter(ev => ev.name === 'signaldeliver' && ev.tid === pid('clone3')).map(ev => ev.args)
    assert.equal(killed.filter(({ sig }) => sig === 9).map(({ dpid }) => dpid), [pid('clone3')])
  })
}
