import * as assert from 'uvu/assert'
import { containerOf } from '../../../lib/state/cgrouplayout.js'
import type { ContainerInfo } from '../../../lib/state/container.js'
import { ContainerTable } from '../../../lib/state/containers.js'
import { suite } from '../../helpers/suite.js'

const test = suite('containers')

const A = '0123456789abcdef'.repeat(4)
const B = 'fedcba9876543210'.repeat(4)
const [a, b] = [A.slice(0, 12), B.slice(0, 12)]
const POD = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod01234567_89ab_cdef_0123_456789abcdef.slice'
const USER = '/user.slice/user-1000.slice/user@1000.service/user.slice'

/** Path of a cgroup, and the container's type and id; nothing for the host. */
const PATHS: readonly (readonly [path: string, type?: string, id?: string])[] = [
  // As sysdig 0.29.3 has them, with the same id. It knows no name for podman's type, and none for cri-o and containerd in files.
  ['/'],
  ['/user.slice'],
  [`/docker/${A}`, 'docker', a],
  [`/${A}`, 'docker', a],
  [`/docker/${A.toUpperCase()}`, 'docker', a.toUpperCase()],
  [`/system.slice/docker-${A}.scope`, 'docker', a],
  [`/docker-${A}.scope`, 'docker', a],
  [`/system.slice/docker-${A}.scope/below`, 'docker', a],
  [`/docker/${A}/docker/${B}`, 'docker', b],
  [`/system.slice/docker-${A}.scope/docker/${B}`, 'docker', b],
  [`/default/${A}`, 'docker', a],
  [`/kubepods/burstable/pod01234567-89ab-cdef-0123-456789abcdef/${A}`, 'docker', a],
  [`${POD}/docker-${A}.scope`, 'docker', a],
  [`${POD}/cri-containerd-${A}.scope/docker/${B}`, 'docker', b],
  [`/lxc/web/docker/${A}`, 'docker', a],
  [`/machine.slice/libpod-${A}.scope`, 'podman', a],
  [`/machine.slice/libpod-${A}.scope/container`, 'podman', a],
  [`/machine.slice/libpod-${A}.scope/docker/${B}`, 'podman', a],
  [`${USER}/libpod-${A}.scope`, 'podman', a],
  [`${USER}/libpod-${A}.scope/container`, 'podman', a],
  [`${USER}/podman-1234.scope/${A}`, 'podman', a],
  [`/machine.slice/libpod-conmon-${A}.scope`],
  [`${POD}/cri-containerd-${A}.scope`, 'containerd', a],
  [`${POD}/cri-containerd-${A}.scope/below`, 'containerd', a],
  [`/kubepods-burstable-pod1.slice:cri-containerd:${A}`, 'containerd', a],
  [`/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:${A}`, 'containerd', a],
  [`${POD}/crio-${A}.scope`, 'cri-o', a],
  [`${POD}/crio-${A}.scope/container`, 'cri-o', a],
  [`/kubepods/pod1/crio-${A}`, 'cri-o', a],
  [`${POD}/crio-conmon-${A}.scope`],
  ['/lxc/web', 'lxc', 'web'],
  ['/lxc/web/init.scope', 'lxc', 'web'],
  ['/lxc.payload/web/x', 'lxc', 'web'],
  ['/lxc.payload/a/lxc/b', 'lxc', 'b'],
  ['/libvirt/lxc/web', 'lxc', 'web'],
  ['/lxc.monitor/web'],
  ['/machine/web.libvirt-lxc', 'libvirt-lxc', 'web'],
  ['/machine.slice/machine-lxc\\x2dweb.scope', 'libvirt-lxc', 'web'],
  ['/machine.slice/machine-lxc\\x2d1234\\x2dweb.scope', 'libvirt-lxc', '1234\\x2dweb'],
  ['/bpm-job.scope', 'bpm', 'job'],
  ['/system.slice/bpm-web', 'bpm', 'web'],
  [`/system.slice/${A.slice(1)}`],
  [`/system.slice/${A}0`],

  // Containers that it takes for the host: with cgroups below, by cgroupfs, by other programs.
  [`/docker/${A}/init.scope`, 'docker', a],
  [`/system.slice/docker-${A}.scope/init.scope`, 'docker', a],
  [`/kubepods/besteffort/pod1/${A}/below`, 'docker', a],
  [`/libpod_parent/libpod-${A}`, 'podman', a],
  [`/libpod_parent/libpod-${A}/container`, 'podman', a],
  [`/system.slice/nerdctl-${A}.scope`, 'containerd', a],
  ['/lxc.payload.web', 'lxc', 'web'],

  // What it takes for containers: 64 characters that are no digits, where the path before them is long enough.
  [`/docker/${A.slice(0, 60)}xxxx`],
  [`${USER}/${'x'.repeat(64)}`],
  [`${POD}/cri-containerd-${'x'.repeat(64)}.scope`],
  // "bpm-" anywhere.
  ['/system.slice/my-bpm-tool.service'],
]

for (const [path, type, id] of PATHS) {
  test(`${path.replace(/[0-9a-fA-F]{64}/g, digits => `${digits.slice(0, 4)}…`)}: ${type ?? 'the host'}`, () => {
    const found = containerOf([`memory=${path}`])
    assert.equal([found?.type, found?.id], [type, id])
    if (found?.fullId.length === 64) assert.is(found.fullId.slice(0, 12), found.id)
  })
}

test('any of the cgroups; podman before Docker before the others, as libsinsp asks', () => {
  assert.is(containerOf([]), undefined)
  assert.is(containerOf(['cpu=/', `memory=/docker/${A}`])?.id, a)
  assert.equal(containerOf([`cpu=/docker/${A}`, `memory=/machine.slice/libpod-${B}.scope`])?.type, 'podman')
  assert.is(containerOf([`cpu=/docker/${A}`, `memory=/docker/${B}`])?.id, a)
  assert.is(containerOf(['cpu=/lxc/web', `memory=/docker/${B}`])?.id, b)
})

test('a container is new once, and pending only where there is somebody to ask', () => {
  const asked: ContainerInfo[] = []
  const table = new ContainerTable(true)
  table.onNew = container => asked.push(container)
  const paths = [`cpu=/docker/${A}`, `memory=/docker/${A}/docker/${B}`, `memory=/docker/${A}`]
  assert.equal(paths.map(path => table.find([path])), [a, b, a])
  assert.equal(asked, [
    { id: a, fullId: A, type: 'docker', lookup: 'pending' },
    { id: b, fullId: B, type: 'docker', lookup: 'pending' },
  ])
  assert.is(table.find(['memory=/user.slice']), '')
  assert.is(table.find(['memory=/lxc/web']), 'web')
  assert.equal(table.get('web'), { id: 'web', fullId: 'web', type: 'lxc', lookup: 'known', name: 'web' })
  const file = new ContainerTable(false)
  file.find([`memory=/docker/${A}`])
  assert.equal(file.get(a)?.lookup, 'failed')
})

test('the table has an end', () => {
  const table = new ContainerTable(true)
  let asked = 0
  table.onNew = () => asked++
  for (let i = 0; i < 16_400; i++) table.find([`memory=/lxc/c${i}`])
  assert.equal([table.size, asked], [16_384, 16_384])
  assert.is(table.find(['memory=/lxc/c16399']), 'c16399')
})

test('container events: what they say of mounts and probes, and nothing that is of another kind', () => {
  const table = new ContainerTable(false)
  const json = (container: unknown) => table.addJson(JSON.stringify({ container }))
  assert.equal(json({
    id: a, full_id: A, type: 11, name: 'web', image: 'redis:7', privileged: true, lookup_state: 1, ip: '10.0.0.2',
    Mounts: [{ Source: '/a', Destination: '/b', Mode: 'ro', RW: false, Propagation: 'rprivate' }, 'x', null, [1]],
    Healthcheck: { exe: 'curl', args: ['-f', 3, 'localhost'] },
  }), {
    id: a, fullId: A, type: 'podman', lookup: 'known', name: 'web', image: 'redis:7', privileged: true, ip: '10.0.0.2',
    mounts: [{ source: '/a', dest: '/b', mode: 'ro', rdwr: false, propagation: 'rprivate' }], healthcheck: 'curl -f localhost',
  })
  assert.equal(json({ id: b, name: 3, image: {}, privileged: 'yes', Mounts: 'x', type: 'docker', lookup_state: 2 }), {
    id: b, fullId: b, type: 'unknown', lookup: 'failed',
  })
  for (const wrong of [undefined, null, 'x', [], {}, { id: '' }, { id: 3 }]) assert.is(json(wrong), undefined)
  for (const wrong of ['', '{', 'null', '3', '[]', '"x"']) assert.is(table.addJson(wrong), undefined)
})
