import { spawn } from 'node:child_process'
import * as assert from 'uvu/assert'
import { type CaptureError, open } from '../../lib/index.js'
import { run, type RunOptions } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('privilege', { needs: ['bpf', 'btf'], timeoutMs: 40_000 })

/** Opens in a process of its own and prints what came of it. */
const OPEN = `
  import { open } from '${new URL('../../lib/index.ts', import.meta.url).href}'
  try {
    const capture = await open('sysdig', { maxDurationMs: 200 })
    for await (const _ of capture);
    console.log(JSON.stringify({ seen: capture.stats().seen }))
  } catch ({ code, message, hint }) {
    console.log(JSON.stringify({ code, message, hint }))
  }`

/** After everything is loaded: the repository may lie where others cannot read. */
const BECOME_NOBODY = `
  import { native } from '${new URL('../../lib/native.ts', import.meta.url).href}'
  native()
  process.setgroups([])
  process.setgid(65534)
  process.setuid(65534)`

async function opened(wrapper: readonly string[], options: RunOptions = {}, before = ''): Promise<{ code?: string; message?: string; hint?: string; seen?: number }> {
  const [command, ...args] = [...wrapper, process.execPath, '--import', 'tsx', '--input-type=module', '-e', before + OPEN]
  const { stdout, stderr } = await run(command, args, options)
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`${stdout} ${stderr}`)
  }
}

test('without capabilities: ERR_CAPTURE_PERM, and what to do', async () => {
  const { code, hint } = await opened(['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'])
  assert.is(code, 'ERR_CAPTURE_PERM')
  assert.match(hint!, /root|CAP_BPF/)
}, { needs: ['root', 'setpriv'] })

test('as another user: ERR_CAPTURE_PERM', async () => {
  const { code } = await opened([], {}, BECOME_NOBODY)
  assert.is(code, 'ERR_CAPTURE_PERM')
}, { needs: ['root'] })

test('CAP_BPF and CAP_PERFMON are enough', async () => {
  const caps = '-all,+bpf,+perfmon'
  const { seen, code, message } = await opened(['setpriv', `--bounding-set=${caps}`, `--inh-caps=-all`])
  assert.ok(seen! > 0, `${code} ${message}`)
}, { needs: ['root', 'setpriv'] })

test('without CAP_SYS_RESOURCE it works', async () => {
  const { seen, code, message } = await opened(['setpriv', '--bounding-set=-sys_resource'])
  assert.ok(seen! > 0, `${code} ${message}`)
}, { needs: ['root', 'setpriv'] })

test('without BTF: ERR_CAPTURE_NO_PROBE, and what to do', async () => {
  const { code, message, hint } = await opened(['unshare', '-m', 'sh', '-c', 'mkdir -p /tmp/.sysring-empty && mount --bind /tmp/.sysring-empty /sys/kernel/btf && rmdir /tmp/.sysring-empty 2>/dev/null; exec "$@"', 'sh'])
  assert.is(code, 'ERR_CAPTURE_NO_PROBE')
  assert.match(message!, 'BTF')
  assert.match(hint!, /CONFIG_DEBUG_INFO_BTF/)
}, { needs: ['root', 'mount_namespace'] })

test('an unknown device: ERR_CAPTURE_NO_DEVICE', async () => {
  for (const device of ['eth7', '', 'sysdig:', 'sysdig:kmodule', 'SYSDIG']) {
    try {
      await open(device)
      assert.unreachable(device)
    } catch (error) {
      assert.is((error as CaptureError).code, 'ERR_CAPTURE_NO_DEVICE', device)
      assert.ok((error as CaptureError).hint.includes('sysring devices'))
    }
  }
})

test('two captures at once both see everything', async () => {
  const options = { syscalls: ['kill'], tracepoints: [], maxDurationMs: 10_000 } as const
  const captures = await Promise.all([open('sysdig', options), open('sysdig:bpf', options)])
  const worked = run('bash', ['-c', 'for i in $(seq 300); do kill -0 $$; done; echo $$']).then(({ stdout }) => {
    for (const capture of captures) capture.stop()
    return Number(stdout)
  })
  const seen = await Promise.all(captures.map(async (capture) => {
    const records: string[] = []
    for await (const burst of capture) for (const ev of burst) if (ev.args.sig === 0 || ev.args.res === 0) records.push(`${ev.tid} ${ev.dir}`)
    return records
  }))
  const pid = await worked
  for (const records of seen) assert.is(records.filter(record => record.startsWith(`${pid} `)).length, 600)
})

async function programs(): Promise<string[]> {
  const { stdout } = await run('bpftool', ['prog', 'list'])
  return stdout.split('\n').filter(line => /name (sys_enter|sys_exit|exit_network|exit_process|exit_exec|signal_deliver|sched_process_e)/.test(line)).map(line => line.split(':')[0])
}

test('kill -9 of the capturing process leaves no program behind', async () => {
  const before = await programs()
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
    import { open } from '${new URL('../../lib/index.ts', import.meta.url).href}'
    const capture = await open('sysdig')
    console.log('open')
    for await (const _ of capture);`], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise(resolve => child.stdout.once('data', resolve))
  const during = await programs()
  assert.ok(during.filter(id => !before.includes(id)).length >= 6, 'it had its programs loaded')
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  const mine = during.filter(id => !before.includes(id))
  // Others may capture at the same time: it is about those that came with this one.
  for (let tries = 0; tries < 50; tries++) {
    const left = (await programs()).filter(id => mine.includes(id))
    if (left.length === 0) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  assert.unreachable('programs are still there after 5 s')
}, { needs: ['bpftool'] })
