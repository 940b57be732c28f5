import * as assert from 'uvu/assert'
import { native } from '../../lib/native.js'
import { FEATURES, probeFeatures } from '../../lib/probe/features.js'
import { powerless, run, SYSRING } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('kernel features', { needs: ['bpf', 'btf', 'root'] })

interface Report {
  works: boolean
  features: { name: string; available: boolean; reason?: string; required: boolean }[]
  findings: { name: string; level: string; text: string; fix?: string }[]
}

const missing = ({ features }: Report) => features.filter(({ available }) => !available).map(({ name }) => name)
const ALL = FEATURES.map(({ name }) => name)

test('this kernel, which runs all other tests, has every one', () => {
  for (const { name, available, reason, since } of probeFeatures()) {
    assert.ok(available, `${name}: ${reason}`)
    assert.match(since, /^\d+\.\d+$/)
  }
})

test('what no kernel has is missing, in its own words', () => {
  assert.is(native().missingFeature('helper:100000'), 'the verifier does not know it')
  assert.is(native().missingFeature('warp'), 'there is no such feature')
  assert.is(native().missingFeature('helper:1'), '')
})

test('doctor prints them, as lines and with --json', async () => {
  const { code, stdout } = await run(SYSRING[0], [...SYSRING.slice(1), 'doctor', '--json'])
  const report = JSON.parse(stdout) as Report
  assert.is(code, report.works ? 0 : 1)
  assert.equal(report.features.map(({ name }) => name), ALL)
  assert.equal(missing(report), [])
  for (const name of ALL) assert.is(report.findings.find(finding => finding.name === name)?.level, 'ok', name)
})

test('without BTF: what hangs from it is missing with its reason, the rest is there', async () => {
  const hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
  const { code, stdout } = await run('unshare', ['-m', 'sh', '-c', hide, 'sh', ...SYSRING, 'doctor', '--json'])
  const report = JSON.parse(stdout) as Report
  assert.is(code, 1)
  assert.is(report.works, false)
  assert.equal(missing(report), ['BTF', 'tp_btf', 'iterators', 'programs'])
  const finding = (name: string) => report.findings.find(each => each.name === name)!
  assert.is(finding('BTF').level, 'fail')
  assert.match(finding('BTF').fix!, 'CONFIG_DEBUG_INFO_BTF')
  assert.match(finding('programs').text, /^no: the kernel has no BTF .*; no eBPF probe/)
  assert.is(finding('iterators').level, 'warn')
  assert.match(finding('iterators').text, 'read from /proc')
}, { needs: ['mount_namespace'] })

test('who may not ask is told so, and no kernel is blamed', async () => {
  const { stdout } = await powerless(['doctor', '--json'])
  const report = JSON.parse(stdout) as Report
  assert.is(report.works, false)
  for (const { name, available, reason } of report.features) {
    if (name === 'BTF') continue
    assert.is(available, false, name)
    assert.match(reason!, 'Operation not permitted', name)
    assert.is(report.findings.find(finding => finding.name === name)!.level, 'warn', name)
  }
}, { needs: ['setpriv'] })
