// timeout: 100
// What open() says when the module is not as it should be.
import { spawnSync } from 'node:child_process'
import { renameSync, statSync } from 'node:fs'
import { open } from 'sysring'
import { run } from './tools/program.mjs'
import { attempt, leave } from './tools/result.mjs'

const result = {}
result.ringBytes = await attempt('sysdig:kmod', { ringBytes: 1 << 20 })
result.ringBytesOfAnother = await attempt('sysdig', { ringBytes: 1 << 20 })
result.exitOnly = await attempt('sysdig:kmod', { events: 'exit' })
result.exitOnlyOfAnother = await attempt('sysdig', { events: 'exit' })

// Some of the nodes, as a container may have them.
renameSync('/dev/scap1', '/dev/elsewhere')
result.someNodes = await attempt('sysdig:kmod')
renameSync('/dev/elsewhere', '/dev/scap1')
result.allNodes = await attempt('sysdig:kmod')

// The module cannot go while it is read.
const capture = await open('sysdig:kmod')
result.unloadWhileOpen = spawnSync('rmmod', ['scap']).status
await capture.close()
const { rdev } = statSync('/dev/scap0')
result.unload = spawnSync('rmmod', ['scap']).status
result.unloaded = await attempt('sysdig:kmod')
result.unloadedBest = await attempt('sysdig')
// A node that has outlived its module.
await run('mknod', '/dev/scap0', 'c', rdev >> 8, rdev & 0xff)
result.stale = await attempt('sysdig:kmod')
await run('rm', '/dev/scap0')

await run('insmod', '/later.ko')
result.later = await attempt('sysdig:kmod')
result.laterBest = await attempt('sysdig')
await run('rmmod', 'scap')

await run('insmod', '/scap.ko')
process.setgid(65534)
process.setuid(65534)
result.notRoot = await attempt('sysdig:kmod')
leave(result)
