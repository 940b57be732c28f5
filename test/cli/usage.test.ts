import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ROOT, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('usage')

test('--version', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { code, stdout } = await sysring(['--version'])
  assert.is(code, 0)
  assert.is(stdout, `sysring ${version}\n`)
})

test('--help names every command', async () => {
  const { code, stdout } = await sysring(['--help'])
  assert.is(code, 0)
  for (const command of ['dump', 'count', 'devices', 'doctor', 'demo']) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
})

for (const command of ['dump', 'count', 'devices', 'doctor', 'demo']) {
  test(`${command} --help`, async () => {
    const { code, stdout } = await sysring([command, '--help'])
    assert.is(code, 0)
    assert.match(stdout, new RegExp(`^usage: sysring ${command} `))
    assert.match(stdout, '-h, --help')
  })
}

/** Command line → what is wrong with it. */
const WRONG: [string[], string][] = [
  [[], 'no command given'],
  [['dmup'], "there is no command 'dmup'"],
  [['constructor'], "there is no command 'constructor'"],
  [['dump', '--bogus'], "Unknown option '--bogus'"],
  [['dump', 'stray'], "Unexpected argument 'stray'"],
  [['dump', '-r'], "Option '-r, --read <value>' argument missing"],
  [['dump', '-r', TRACE, '-i', 'sysdig'], '-i and -r exclude each other'],
  [['dump', '-r', TRACE, '-s', '200'], '--snaplen is for live captures, not for -r'],
  [['dump', '-r', TRACE, '-n', '0'], "-n takes a number of at least 1, not '0'"],
  [['dump', '-r', TRACE, '-n', '1.5'], "-n takes a whole number, not '1.5'"],
  [['dump', '-r', TRACE, '-d', 'x'], "-d takes a number of at least 0, not 'x'"],
  [['dump', '-r', TRACE, '--format', 'pcap'], '--format goes with -w'],
  [['dump', '-r', TRACE, '-w', 'x', '--format', 'tar'], "--format is one of pcap, pcapng, scap, not 'tar'"],
  [['dump', '-r', TRACE, '-w', 'x.pcap', '--framing', 'scap'], 'pcap has no framing scap'],
  [['dump', '-r', TRACE, '-w', 'x.scap', '--framing', 'user0'], 'scap has no framing user0'],
  [['count', '-n', ''], "-n takes a number of at least 1, not ''"],
]

for (const [args, sentence] of WRONG) {
  test(`wrong: ${args.join(' ').replace(TRACE, 'FILE')}`, async () => {
    const { code, stdout, stderr } = await sysring(args)
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(stderr, `sysring: ${sentence}\n`)
    assert.match(stderr, /\nhint: .+\n$/)
  })
}
