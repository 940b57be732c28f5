import * as assert from 'uvu/assert'
import { fields } from '../../../lib/field/registry.js'
import type { ContainerInfo } from '../../../lib/state/container.js'
import { suite } from '../../helpers/suite.js'
import { seen, state, text, thread } from './world.js'

const test = suite('fields of containers')

const call = { type: 'PPME_SYSCALL_CLOSE_E', ts: 5_000n, params: [3] } as const
const known: ContainerInfo = {
  id: 'aaaaaaaaaaaa', fullId: 'aaaaaaaaaaaabbbb', type: 'docker', lookup: 'known', name: 'web', image: 'nginx:1', imageId: 'abc',
  imageRepository: 'nginx', imageTag: '1', imageDigest: '', privileged: true, ip: '10.0.0.1', healthcheck: '/bin/ok -x',
  mounts: [
    { source: '/host/a', dest: '/a', mode: 'rw', rdwr: true, propagation: 'rprivate' },
    { source: '/host/b', dest: '/b', mode: '', rdwr: false, propagation: '' },
  ],
}
state.containers.set(known.id, known)
state.containers.set('cccccccccccc', { id: 'cccccccccccc', fullId: '', type: 'lxc', lookup: 'failed' })
const inside = seen(call, { of: thread(10, { containerId: known.id, pidnsStart: 2_000n }) })
const host = seen(call, { of: thread(20, { pidnsStart: 2_000n }) })
const unknown = seen(call, { of: thread(30, { containerId: 'dddddddddddd' }) })
const bare = seen(call, { of: thread(40, { containerId: 'cccccccccccc' }) })

function texts(ev: typeof inside, expected: Record<string, string | undefined>): void {
  for (const [field, value] of Object.entries(expected)) assert.is(text(field, ev), value, field)
}

test('of one that the runtime has described', () => {
  texts(inside, {
    'container.id': 'aaaaaaaaaaaa', 'container.full_id': 'aaaaaaaaaaaabbbb', 'container.name': 'web', 'container.type': 'docker',
    'container.image': 'nginx:1', 'container.image.id': 'abc', 'container.image.repository': 'nginx', 'container.image.tag': '1',
    'container.image.digest': undefined, 'container.privileged': 'true', 'container.healthcheck': '/bin/ok -x',
    'container.liveness_probe': 'NONE', 'container.readiness_probe': 'NONE', 'container.ip': '10.0.0.1', 'container.start_ts': '2000',
    'container.duration': '3000',
  })
})

test('its mounts, by number and by path', () => {
  texts(inside, {
    'container.mounts': '/host/a:/a:rw:true:rprivate,/host/b:/b::false:', 'container.mount[0]': '/host/a:/a:rw:true:rprivate',
    'container.mount[/host/b]': '/host/b:/b::false:', 'container.mount[/host/*]': '/host/a:/a:rw:true:rprivate',
    'container.mount[2]': undefined,
    'container.mount.source[/b]': '/host/b', 'container.mount.source[/host/b]': undefined, 'container.mount.dest[/host/b]': '/b',
    'container.mount.mode[0]': 'rw', 'container.mount.rdwr[1]': 'false', 'container.mount.propagation[/host/?]': 'rprivate',
    'container.mount.mode[1]': '',
  })
})

test('outside of containers', () => {
  texts(host, {
    'container.id': 'host', 'container.name': 'host', 'container.type': 'host', 'container.full_id': 'host', 'container.image': undefined,
    'container.privileged': undefined, 'container.mounts': undefined, 'container.healthcheck': undefined, 'container.start_ts': undefined,
  })
})

test('of one of which only the id is known', () => {
  texts(unknown, {
    'container.id': 'dddddddddddd', 'container.name': undefined, 'container.type': undefined, 'container.mounts': undefined,
  })
  texts(bare, {
    'container.name': undefined, 'container.type': 'lxc', 'container.privileged': undefined, 'container.mounts': '',
    'container.healthcheck': 'NONE',
  })
})

test('of an event without a thread, nothing', () => {
  const nowhere = seen(call)
  for (const { name, arg } of fields().filter(({ name }) => name.startsWith('container.'))) {
    assert.is(text(arg === undefined ? name : `${name}[0]`, nowhere), undefined, name)
  }
})
