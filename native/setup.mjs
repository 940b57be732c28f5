/**
 * Makes a fresh clone ready: `npm run setup`. Debian packages, npm packages, addon and BPF programs, bundle; each only
 * where it is missing or older than what it is made from, so that a second run takes a blink.
 *
 *     --test      also the programs that the tests compare with
 *     --prebuild  also the addon where the package has it, for publishing
 *
 * It runs before node_modules exists, so it uses nothing but Node.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildNative, nodeHeaders } from './build.mjs'
import { ROOT, StepError, command, done, report, script, step } from './step.mjs'

/** Debian package → a file or program that only it brings: asking for those works on every distribution. */
const BUILD = {
  'clang': 'clang',
  'llvm': 'llvm-strip',
  'libbpf-dev': '/usr/include/bpf/bpf_helpers.h',
  'bpftool': 'bpftool',
  'libelf-dev': '/usr/include/libelf.h',
  'zlib1g-dev': '/usr/include/zlib.h',
  'libpcap-dev': '/usr/include/pcap/pcap.h',
  'g++': 'g++',
  'make': 'make',
  'python3': 'python3',
}
const TEST = {
  'sysdig': 'sysdig',
  'tshark': 'tshark',
  'tcpdump': 'tcpdump',
  'strace': 'strace',
  'bpftrace': 'bpftrace',
  'linux-perf': 'perf',
  'qemu-system-x86': 'qemu-system-x86_64',
  'podman': 'podman',
  'spin': 'spin',
  'prometheus': 'promtool',
  'python3-prometheus-client': '/usr/lib/python3/dist-packages/prometheus_client/openmetrics/parser.py',
  'python3-jsonschema': '/usr/lib/python3/dist-packages/jsonschema/__init__.py',
  'tmux': 'tmux',
}

// Debian keeps bpftool in sbin, which is not on everybody's PATH.
process.env.PATH = [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter)

await script(async () => {
  const { values: wanted } = parseArgs({ options: { test: { type: 'boolean' }, prebuild: { type: 'boolean' } } })
  checkNode()
  const linux = process.platform === 'linux'
  if (linux) await optional('them', () => installDebian(wanted.test ? { ...BUILD, ...TEST } : BUILD))
  await installNpm()
  if (linux) await buildForKernel()
  await bundle()
  if (wanted.prebuild) await step('prebuild', undefined, prebuild)
  if (!done()) console.log('  nothing to do: all is up to date')
})

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new StepError(`Node ${process.versions.node} is too old`, 'install Node 20.19 or later: https://nodejs.org')
}

async function installDebian(packages) {
  const lacking = missing(packages)
  if (lacking.length === 0) return
  console.log(`  Debian packages missing: ${lacking.join(' ')}`)
  const install = ['install', '-y', '--no-install-recommends', ...lacking]
  if (process.getuid() !== 0 || !onPath('apt-get')) {
    console.log(`  to install them, type: sudo apt-get ${install.join(' ')}`)
    return
  }
  const apt = args => command('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    hint: `when the network is there, type: apt-get update && apt-get ${install.join(' ')}`,
  })
  const update = () => step('apt-get update', undefined, () => apt(['update']))
  const hadLists = havePackageLists()
  if (!hadLists) await update()
  try {
    await step('apt-get install', undefined, () => apt(install))
  } catch (error) {
    // Lists that name versions which the mirror no longer has.
    if (!hadLists) throw error
    await update()
    await step('apt-get install', undefined, () => apt(install))
  }
}

function havePackageLists() {
  const folder = '/var/lib/apt/lists'
  return existsSync(folder) && readdirSync(folder).some(file => file.includes('_Packages'))
}

function missing(packages) {
  return Object.keys(packages).filter(name => {
    const evidence = packages[name]
    return evidence.startsWith('/') ? !existsSync(evidence) : !onPath(evidence)
  })
}

function onPath(program) {
  return process.env.PATH.split(delimiter).some(folder => existsSync(join(folder, program)))
}

async function installNpm() {
  const files = { inputs: ['package-lock.json'], outputs: ['node_modules/.package-lock.json'] }
  await step('npm ci', files, () => command('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    hint: 'when the network is there, type: npm ci',
  }))
  // `cap` is only something to compare with, and needs libpcap's headers: without it some tests are skipped.
  if (!existsSync(join(ROOT, 'node_modules/cap')) || !existsSync(BUILD['libpcap-dev'])) return
  const [headers] = nodeHeaders()
  const env = headers === undefined ? {} : { npm_config_nodedir: headers.replace('--nodedir=', '') }
  const built = { inputs: [], outputs: ['node_modules/cap/build/Release/cap.node'] }
  await optional('cap', () => step('npm rebuild cap', built, () => command('npm', ['rebuild', 'cap'], {
    env,
    hint: 'apt-get install libpcap-dev g++ make python3',
  })))
}

/** What only live capture needs may be lacking: files can be read without it. */
async function buildForKernel() {
  if (missing(BUILD).length === 0 && existsSync('/sys/kernel/btf/vmlinux')) await buildNative()
  else await optional('live capture', buildNative)
}

async function optional(what, work) {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    report(`setup goes on without ${what}: `, error)
  }
}

async function bundle() {
  const files = {
    inputs: ['lib', 'package.json', 'tsconfig.json'],
    // The last ones that tsup writes
    outputs: ['dist/cli.js', 'dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts'],
  }
  await step('bundle', files, async () => {
    const started = Date.now()
    await command('node_modules/.bin/tsup', [], { hint: 'npm run typecheck' })
    // Chunks carry a hash in their names: those of the bundle before have to go. Afterwards, so that a command that is
    // just running finds them as long as possible.
    for (const file of readdirSync(join(ROOT, 'dist'))) {
      const path = join(ROOT, 'dist', file)
      if (statSync(path).mtimeMs < started - 1000) rmSync(path)
    }
  })
}

/** An addon without symbols, which lib/native.ts prefers; removed again once the package is made. */
async function prebuild() {
  const folder = `prebuilds/${process.platform}-${process.arch}`
  mkdirSync(join(ROOT, folder), { recursive: true })
  await command('strip', ['-o', `${folder}/sysring.node`, 'native/build/Release/sysring.node'], { hint: 'npm run build:native' })
}
