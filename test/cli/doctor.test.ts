import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { powerless, run, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('doctor and devices')

interface Finding { name: string; level: string; text: string; fix?: string }

test('says that live capture works', async () => {
  const { code, stdout } = await sysring(['doctor'])
  assert.is(code, 0, stdout)
  assert.match(stdout, /^ok +kernel +\d/m)
  assert.match(stdout, /^ok +capture +sysdig opens/m)
  assert.match(stdout, /\nlive capture works here\n$/)
}, { needs: ['bpf', 'btf'] })

test('--json', async () => {
  const { code, stdout } = await sysring(['doctor', '--json'])
  const { works, findings } = JSON.parse(stdout) as { works: boolean; findings: Finding[] }
  assert.is(code, works ? 0 : 1)
  for (const name of ['node', 'kernel', 'BTF', 'CAP_BPF', 'CAP_PERFMON', 'memlock', 'lockdown', 'addon', 'capture', 'sysdig', '/dev/net/tun']) {
    assert.ok(findings.some(finding => finding.name === name), name)
  }
  for (const { name, level, fix } of findings) assert.is(fix !== undefined, level !== 'ok', name)
}, { needs: ['linux'] })

test('names the missing capabilities, and the way to get them', async () => {
  const { code, stdout } = await powerless(['doctor'])
  assert.is(code, 1)
  assert.match(stdout, /^fail +CAP_BPF +not held\n +fix: .*sudo/m)
  assert.match(stdout, /^fail +CAP_PERFMON +not held\n +fix: /m)
  assert.match(stdout, /^fail +capture +ERR_CAPTURE_PERM: /m)
  assert.match(stdout, /^warn +CAP_NET_RAW +not held: network interfaces cannot be captured; system calls can\n +fix: .*\+net_raw/m)
  assert.match(stdout, 'live capture cannot work here')
}, { needs: ['root', 'setpriv', 'btf'] })

test('devices: system calls, then the network interfaces in the kernel\'s order', async () => {
  const { code, stdout } = await sysring(['devices', '--json'])
  assert.is(code, 0)
  const devices = JSON.parse(stdout) as { name: string; usable: boolean; reason?: string }[]
  const module = existsSync('/dev/scap0')
  assert.equal(devices.slice(0, 3).map(({ name, usable }) => [name, usable]), [['sysdig', true], ['sysdig:kmod', module], ['sysdig:bpf', true]])
  if (!module) assert.match(devices[1].reason!, /^ERR_CAPTURE_NO_PROBE: the kernel module is not loaded/)
  const links = JSON.parse((await run('ip', ['-j', 'link', 'show'])).stdout) as { ifname: string; flags: string[]; link_type: string }[]
  const nics = devices.slice(3).filter(({ name }) => !name.startsWith('cluster:'))
  assert.equal(nics.map(({ name, usable }) => [name, usable]), links.map(({ ifname, flags, link_type: type }) =>
    [ifname, flags.includes('UP') && ['ether', 'loopback', 'none'].includes(type)]))
  assert.match((await sysring(['devices'])).stdout, /^sysdig {2,}\S.*\nsysdig:kmod {2,}\S.*\n( .*\n)*sysdig:bpf {2,}\S.*\nlo {2,}packets of the loopback interface/)
}, { needs: ['bpf', 'btf', 'net_raw', 'ip'] })

test('devices says why not', async () => {
  const { code, stdout } = await powerless(['devices'])
  assert.is(code, 0)
  assert.match(stdout, /^ +not here: ERR_CAPTURE_PERM: .*\n +hint: /m)
}, { needs: ['root', 'setpriv', 'btf'] })

test('a capture without privileges: code, sentence, hint', async () => {
  const { code, stderr } = await powerless(['dump', '-i', 'sysdig'])
  assert.is(code, 1)
  assert.match(stderr, /^sysring: ERR_CAPTURE_PERM: .+\nhint: .+\n$/)
}, { needs: ['root', 'setpriv', 'btf'] })

test('packets without privileges: code, sentence, hint', async () => {
  const { code, stderr } = await powerless(['dump', '-i', 'lo'])
  assert.is(code, 1)
  assert.match(stderr, /^sysring: ERR_CAPTURE_PERM: .*CAP_NET_RAW.*\nhint: .*\+net_raw.*\n$/)
}, { needs: ['root', 'setpriv'] })

test('an unknown device: code, sentence, hint', async () => {
  const { code, stderr } = await sysring(['dump', '-i', 'nonesuch'])
  assert.is(code, 1)
  assert.match(stderr, /^sysring: ERR_CAPTURE_NO_DEVICE: .*nonesuch\nhint: .+\n$/)
})
