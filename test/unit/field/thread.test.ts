import * as assert from 'uvu/assert'
import { bindField } from '../../../lib/field/registry.js'
import { eventInfo } from '../../../lib/event/table.js'
import { event } from '../../helpers/record.js'
import { suite } from '../../helpers/suite.js'
import { seen, state, text, thread } from './world.js'

const test = suite('fields of threads, users, groups')

const main = thread(10, {
  comm: 'work', vmSizeKb: 10, vmRssKb: 4, vtid: 3, cgroups: ['cpu=/a', 'cpuacct=/b', 'memory=/'], majorFaults: 2, minorFaults: 3,
  uid: 1000, gid: 100, loginuid: 1001, capPermitted: 1n << 40n | 1n, capEffective: 0n,
})
const other = thread(11, { ...main, tid: 11, pid: 10, vtid: -1, cgroups: [], loginuid: -1, uid: 7, gid: 8 })
state.users.set(1000, { uid: 1000, gid: 100, name: 'alice', home: '/home/alice', shell: '/bin/zsh' })
state.users.set(1001, { uid: 1001, gid: 100, name: 'bob', home: '/', shell: '' })
state.groups.set(100, { gid: 100, name: 'users' })

const call = { type: 'PPME_SYSCALL_CLOSE_E', params: [3] } as const
const inMain = seen({ ...call, tid: 10 }, { of: main })
const inOther = seen({ ...call, tid: 11 }, { of: other })

function texts(ev: typeof inMain, expected: Record<string, string | undefined>): void {
  for (const [field, value] of Object.entries(expected)) assert.is(text(field, ev), value, field)
}

test('of the main thread and of another', () => {
  texts(inMain, {
    'thread.tid': '10', 'thread.ismain': 'true', 'thread.vtid': '3', 'thread.nametid': 'work10', 'thread.vmsize': '10', 'thread.vmrss': '4',
    'thread.vmsize.b': '10240', 'thread.vmrss.b': '4096', 'thread.pfmajor': '2', 'thread.pfminor': '3',
    'thread.cgroups': 'cpu=/a cpuacct=/b memory=/', 'thread.cgroup.cpu': '/a', 'thread.cgroup[memory]': '/', 'thread.cgroup.cp': undefined,
    'thread.cap_permitted': 'CAP_CHOWN CAP_CHECKPOINT_RESTORE', 'thread.cap_effective': '',
  })
  texts(inOther, {
    'thread.tid': '11', 'thread.ismain': 'false', 'thread.vtid': undefined, 'thread.vmsize': '0', 'thread.vmrss.b': '0',
    'thread.cgroups': undefined, 'thread.cgroup.cpu': undefined,
  })
})

test('a thread that is not known has its number, and nothing else', () => {
  const ev = seen({ ...call, tid: -1 })
  texts(ev, {
    'thread.tid': '-1', 'thread.ismain': undefined, 'thread.exectime': '0', 'thread.totexectime': undefined, 'user.uid': undefined,
  })
})

test('users and groups by the capture\'s lists', () => {
  texts(inMain, {
    'user.uid': '1000', 'user.name': 'alice', 'user.homedir': '/home/alice', 'user.shell': '/bin/zsh', 'user.loginuid': '1001',
    'user.loginname': 'bob', 'group.gid': '100', 'group.name': 'users',
  })
  texts(inOther, {
    'user.uid': '7', 'user.name': undefined, 'user.shell': undefined, 'user.loginuid': '-1', 'user.loginname': undefined,
    'group.name': undefined,
  })
})

test('the codes of switches and procinfo are the table\'s', () => {
  for (const [code, name] of [[146, 'PPME_SCHEDSWITCH_1_E'], [152, 'PPME_SCHEDSWITCH_6_E'], [234, 'PPME_PROCINFO_E']] as const) {
    assert.is(eventInfo(code)!.const, name)
  }
})

test('the time from switch to switch of a CPU is that of the thread that it leaves', () => {
  const exec = bindField('thread.exectime')
  const total = bindField('thread.totexectime')
  const expected = [
    // CPU, time, thread, time that it ran, total
    [0, 100, main, 0, 0],
    [1, 110, other, 0, 0],
    [0, 150, main, 50, 50],
    [0, 170, undefined, 20, undefined],
    [0, 200, main, 30, 80],
    [1, 210, other, 100, 100],
  ] as const
  expected.forEach(([cpu, time, of, ran, sum], i) => {
    state.time = time
    const ev = seen({ type: 'PPME_SCHEDSWITCH_6_E', params: [0, 0, 0, 0, 0, 0] }, { ...(of && { of }), num: i + 1, cpu })
    for (let twice = 0; twice < 2; twice++) {
      assert.is(exec.get(ev), ran, `${i}`)
      assert.is(total.get(ev), sum, `${i}`)
    }
  })
  const between = seen(call, { of: main, num: 99 })
  assert.is(exec.get(between), 0)
  assert.is(total.get(between), 80)
  assert.is(bindField('thread.totexectime').get(between), 0, 'each has its own memory')
})

test('CPU usage is what procinfo events tell since the one before', () => {
  const [cpu, user, system] = ['thread.cpu', 'thread.cpu.user', 'thread.cpu.system'].map((field) => bindField(field))
  const info = (num: number, times: [number, number]) => seen({ type: 'PPME_PROCINFO_E', params: times }, { of: main, num })
  const first = info(1, [10, 5])
  assert.equal([cpu, user, system].map((field) => field.get(first)), [0, 0, 0])
  const second = info(2, [30, 6])
  assert.equal([cpu, user, system].map((field) => field.get(second)), [21, 20, 1])
  assert.is(cpu.get(info(3, [500, 6])), 100)
  assert.is(cpu.get(inMain), undefined)
  assert.is(cpu.get(event({ type: 'PPME_PROCINFO_E', params: [1, 2] })), undefined)
})
