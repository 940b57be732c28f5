// timeout: 90
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { ROOT, run } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import type { Inspected, Report, Seen } from './programs/containers.js'

const test = suite('containers', { needs: ['root', 'bpf', 'btf', 'cc', 'tar', 'podman', 'mount_namespace'], timeoutMs: 60_000 })

/**
 * podman's storage and sockets are in memory and gone with the namespace. On hosts that have cgroups of both versions crun wants to
 * see only one.
 */
const APART = 'mount -t tmpfs none /var/lib && mount -t tmpfs none /run && { umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"; }'

let report: Report
test.before(async () => {
  const { path, file } = folder()
  execFileSync('cc', ['-O1', '-static', '-o', file('container'), join(ROOT, 'test/kernel/programs/container.c')])
  const script = join(ROOT, 'test/kernel/programs/containers.ts')
  const command = ['-m', 'sh', '-c', APART, 'sh', process.execPath, '--import', 'tsx', script, path]
  const { stdout, stderr, code } = await run('unshare', command, { timeoutMs: 50_000 })
  assert.is(code, 0, stderr)
  report = JSON.parse(stdout) as Report
})

function isAsInspected({ known, first, inspected }: Seen): void {
  const { Id, Name, Image, ImageName, ImageDigest, HostConfig } = inspected
  assert.equal([first.id, first.full_id, first.type], [Id.slice(0, 12), Id, 'podman'], 'there from the first event on')
  assert.equal(
    ['id', 'full_id', 'name', 'type', 'image', 'image.id', 'image.digest', 'privileged', 'mounts'].map(field => known[field]),
    [Id.slice(0, 12), Id, Name, 'podman', ImageName, Image, ImageDigest, HostConfig.Privileged, mountsText(inspected)],
  )
  assert.equal([known['image.repository'], known['image.tag']], ['localhost:5000/sysring/container', 'one'])
}

function mountsText({ Mounts }: Inspected): string {
  return Mounts.map(({ Source, Destination, Mode, RW, Propagation }) => `${Source}:${Destination}:${Mode}:${RW}:${Propagation}`).join(',')
}

test('from podman\'s files: what podman inspect says', () => {
  const { plain, powerful } = report.files
  isAsInspected(plain)
  isAsInspected(powerful)
  assert.equal([plain.known.privileged, powerful.known.privileged], [false, true])
  assert.ok(/:\/data::false:/.test(String(plain.known.mounts)), String(plain.known.mounts))
})

test('from podman\'s server: what podman inspect says, and the health check', () => {
  const { checked, powerful } = report.server
  isAsInspected(checked)
  assert.is(checked.known.healthcheck, '/bin/sh -c true now')
  assert.ok(/^\/usr:\/host::true:/.test(String(checked.known.mounts)), String(checked.known.mounts))
  // This one ran before the capture began.
  isAsInspected(powerful)
})
