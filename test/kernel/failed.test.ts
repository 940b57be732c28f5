import * as assert from 'uvu/assert'
import { open } from '../../lib/index.js'
import { folder } from '../helpers/folder.js'
import { compile, start } from '../helpers/program.js'
import { suite } from '../helpers/suite.js'

const test = suite('failed calls', { needs: ['bpf', 'btf', 'cc', 'root'], timeoutMs: 40_000 })

/** Calls whose events have a result, which succeed and fail. */
const SYSCALLS = ['open', 'openat', 'read', 'write', 'close', 'connect', 'socket', 'dup', 'rename', 'chdir', 'execve', 'ptrace', 'sendmmsg', 'recvmmsg', 'getrlimit']

for (const events of ['both', 'exit'] as const) {
  test(`${events}: dropFailed leaves out the exits of calls that failed, and those only`, async () => {
    const running = await start(compile('calls'), ['files', 'sockets', 'messages', 'control', 'limits'], { cwd: folder().path })
    const options = { events, tracepoints: [], syscalls: SYSCALLS, pids: { allow: [running.pid] } }
    const all = await open('sysdig', options)
    const successful = await open('sysdig:bpf', { ...options, dropFailed: true })
    running.go()
    const ended = running.output.finally(() => { all.stop(); successful.stop() })
    const [expected, actual] = await Promise.all([all, successful].map(async (capture) => {
      const seen: { line: string; failed: boolean }[] = []
      for await (const burst of capture) {
        for (const ev of burst) {
          const res = ev.dir === 'exit' ? Number(ev.args.res ?? ev.args.fd) : 0
          seen.push({ line: `${ev.name} ${ev.dir} ${res}`, failed: res < 0 })
        }
      }
      return seen
    }))
    await ended
    const failed = expected.filter(({ failed }) => failed).length
    assert.ok(failed > 15 && expected.length > 3 * failed, `${failed} of ${expected.length} failed`)
    assert.equal(actual.map(({ line }) => line), expected.filter(({ failed }) => !failed).map(({ line }) => line))
    assert.is(all.stats().dropped.total + successful.stats().dropped.total, 0)
    // Everything else that either filters is the same, at the same time.
    assert.ok(successful.stats().filtered >= failed)
  })
}
