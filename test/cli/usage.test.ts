import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ROOT, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('usage')
const COMMANDS = ['dump', 'count', 'run', 'balance', 'pipeline', 'bounce', 'up', 'extcap', 'dissector', 'fields', 'devices', 'doctor', 'demo']

test('--version', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { code, stdout } = await sysring(['--version'])
  assert.is(code, 0)
  assert.is(stdout, `sysring ${version}\n`)
})

test('--help names every command', async () => {
  const { code, stdout } = await sysring(['--help'])
  assert.is(code, 0)
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
})

for (const command of COMMANDS) {
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
  [['devices', 'stray'], "Unexpected argument 'stray'"],
  [['dump', '-r'], "Option '-r, --read <value>' argument missing"],
  [['dump', '-r', TRACE, '-i', 'sysdig'], '-i and -r exclude each other'],
  [['dump', '-r', TRACE, '-s', '200'], '--snaplen is for live captures, not for -r'],
  [['dump', '-r', TRACE, '--promiscuous'], '--promiscuous is for live captures, not for -r'],
  [['dump', '-i', 'sysdig', '--pace', '1'], '--pace is for -r: what is live comes when it comes'],
  [['dump', '-i', 'sysdig', '--decap'], '--decap is not for sysdig, which has system calls'],
  [['dump', '-i', 'lo', '--syscalls', 'open'], '--syscalls is not for lo, which has packets'],
  [['dump', '-r', TRACE, '--pace', '0'], "--pace takes a number of at least 0.001, not '0'"],
  [['balance', '-r', TRACE, '-n', 'x'], "-n takes numbers of queues, not 'x'"],
  [['balance', '-r', TRACE, '-n', 'a=1,a=1'], '-n has two applications called a'],
  [['balance', '-r', TRACE, '-m', 'color'], '--by is one of tid, pid, fd, cpu, flow, round-robin, fan-out, fan-out+round-robin, not \'color\''],
  [['balance', '-r', TRACE, '--group', 'nobody-has-this'], 'there is no group nobody-has-this'],
  [['balance', '-r', TRACE, '--mode', '888'], "--mode takes three octal digits, not '888'"],
  [['balance', '-r', TRACE, '-s', '0:x'], "-s takes a number from 0 to 65535, not 'x'"],
  [['balance', '-r', TRACE, '-c', 'a/b'], 'ERR_CAPTURE_OPTION: a cluster cannot be called "a/b"'],
  [['balance', '-i', 'cluster:7@0', '--syscalls', 'open'], '--syscalls is not for cluster:7@0, which has what its balancer puts there'],
  [['dump', '-i', 'cluster:7@0', '-s', '100'], '--snaplen is not for cluster:7@0, which has what its balancer puts there'],
  [['count', '-i', 'cluster:7@0', '--ring', '8'], '--ring is not for cluster:7@0, which has what its balancer puts there'],
  [['dissector'], 'what is to be done?'],
  [['dissector', 'instal'], "there is no 'dissector instal'"],
  [['dissector', 'install', '--user', '--system'], '--user and --system exclude each other'],
  [['dissector', 'print', '--json'], 'print writes it to standard output, and takes no options'],
  [['pipeline', '-r', TRACE], 'there is no stage'],
  [['extcap'], 'what is to be done?'],
  [['extcap', 'remove'], "there is no 'extcap remove'"],
  [['extcap', 'install', '--user', '--system'], '--user and --system exclude each other'],
  [['bounce', '-r', TRACE, '-o', 'cluster:8@0'], '-o makes a cluster, and cluster:8@0 would be a queue of one'],
  [['bounce', '-r', TRACE, '-o', 'cluster:8', '--bypass-qdisc'], '--bypass-qdisc is for network interfaces, not for cluster:8'],
  [['bounce', '-r', TRACE, '-o', 'lo', '--group', 'root'], '--group is for a new cluster, not for lo'],
  [['bounce', '-r', TRACE], '-o is missing: where is it to be sent?'],
  [['bounce', '-i', 'nic:lo', '-o', 'lo'], 'what is sent out of lo would be captured there, and sent again'],
  [['dump', '-r', TRACE, '-n', '0'], "-n takes a number of at least 1, not '0'"],
  [['dump', '-r', TRACE, '-n', '1.5'], "-n takes a whole number, not '1.5'"],
  [['dump', '-r', TRACE, '-d', 'x'], "-d takes a number of at least 0, not 'x'"],
  [['dump', '-r', TRACE, '--format', 'pcap'], '--format goes with -w'],
  [['dump', '-r', TRACE, '-w', 'x', '--format', 'tar'], "--format is one of pcap, pcapng, scap, chrome, not 'tar'"],
  [['dump', '-r', TRACE, '-w', 'x.pcap', '--framing', 'scap'], 'pcap has no framing scap'],
  [['dump', '-r', TRACE, '-w', 'x.scap', '--framing', 'user0'], 'scap has no framing user0'],
  [['dump', '-r', TRACE, '-w', 'x', '-p', '%evt.num'], '--print is for printing, not for -w'],
  [['dump', '-r', TRACE, '-w', 'x', '-A'], '--print-ascii is for printing, not for -w'],
  [['dump', '-r', TRACE, '-w', 'x', '-j'], '--json-fields is for printing, not for -w'],
  [['dump', '-r', TRACE, '--json', '-p', '%evt.num'], '--print has no effect on --json, which prints all arguments'],
  [['dump', '-r', TRACE, '--json', '-S'], '--summary has no effect on --json, which prints all arguments'],
  [['dump', '-r', TRACE, '-x', '-A'], '--print-ascii and --print-hex exclude each other'],
  [['dump', '-r', TRACE, '-t', 'x'], "--timetype is one of h, a, r, d, D, not 'x'"],
  [['dump', '-r', TRACE, '-pk'], 'there is no format -pk: Kubernetes and Mesos are not asked'],
  [['dump', '-r', TRACE, '-C', '1'], '--file-size goes with -w'],
  [['dump', '-r', TRACE, '-w', 'x', '-W', '2'], '-W says how many files there may be, and not when one is full'],
  [['dump', '-r', TRACE, '-w', 'x', '-C', '0'], "-C takes a number of at least 1, not '0'"],
  [['dump', '-r', TRACE, '-w', '-', '-e', '5'], 'standard output is one file'],
  [['dump', '-r', TRACE, '-w', '-', '-S'], 'standard output is the file, and has no place for a summary'],
  [['dump', '-M', '1', '-d', '1'], '-M and -d are the same in a live capture'],
  [['dump', '-l', '-r', TRACE], '--list goes with -v and --json only, not with --read'],
  [['dump', '-L', 'evt.type=open'], '--list-events goes with -v and --json only, not with a filter'],
  [['dump', '--explain'], '--explain needs a filter'],
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

/** Command line → what is wrong with its filter or format, and where. */
const MISTAKEN: [string[], RegExp][] = [
  [['dump', '-r', TRACE, 'proc.nme=cat'], /^sysring: ERR_CAPTURE_FILTER: .*\n {2}proc\.nme=cat\n {2}\^~*\nhint: .*proc\.name.*\n$/],
  [['dump', '-r', TRACE, 'proc.name', '=', 'cat', 'and'], /^sysring: ERR_CAPTURE_FILTER: .*\n {2}proc\.name = cat and\n {2,}\^\nhint: .+\n$/],
  [['dump', '--explain', 'nothing'], /^sysring: ERR_CAPTURE_FILTER: .*\n {2}nothing\n {2,}\^\nhint: .+\n$/],
  [['count', '-r', TRACE, 'evt.nmu>1'], /^sysring: ERR_CAPTURE_FILTER: .*\n {2}evt\.nmu>1\n {2}\^~*\nhint: .+\n$/],
  [['dump', '-r', TRACE, '-p', '%evt.nmu'], /^sysring: ERR_CAPTURE_FILTER: Format, position 2: .*\nhint: .*evt\.num.*\n$/],
]

for (const [args, complaint] of MISTAKEN) {
  test(`mistaken: ${args.join(' ').replace(TRACE, 'FILE')}`, async () => {
    const { code, stdout, stderr } = await sysring(args)
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(stderr, complaint)
  })
}
