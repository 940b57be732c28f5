import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { Threads } from '../../../lib/ring/threads.js'
import { event } from '../../helpers/record.js'
import { test } from '../../helpers/suite.js'

test('processes that are left out while it runs, and no longer', async () => {
  const children = [1, 2].map(() => spawn('sleep', ['30']))
  try {
    await Promise.all(children.map(child => once(child, 'spawn')))
    const [one, other] = children.map(child => child.pid!)
    const threads = new Threads({ withoutSelf: true, ownPid: process.pid, pidFilter: 1, pids: [other], pidChildren: false })
    threads.look()
    const wants = (tid: number) => {
      const ev = event({ type: 'PPME_SYSCALL_READ_X', tid, params: [0, 'x'] })
      return threads.wants(ev, ev.type)
    }
    assert.equal([one, other, process.pid, 1].map(wants), [true, false, false, true])
    threads.leaveOut([one])
    assert.equal([one, other, process.pid, 1].map(wants), [false, false, false, true])
    threads.look()
    assert.not(wants(one), 'also after another look')
    threads.leaveOut([1])
    assert.equal([one, other, process.pid, 1].map(wants), [true, false, false, false])
    threads.leaveOut([other])
    threads.leaveOut([])
    assert.equal([one, other, process.pid, 1].map(wants), [true, false, false, true], 'what the options say holds again')
  } finally {
    for (const child of children) child.kill()
  }
}, { needs: ['linux'] })
