/**
 * Builds what is not TypeScript: `npm run build:native`. The BPF programs become native/build/ARCH/NAME.bpf.o for
 * each architecture, the addon, which embeds those of its own, native/build/Release/*.node. What is newer than its sources is left alone.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, realpathSync, utimesSync } from 'node:fs'
import { arch } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT, StepError, command, discard, script, step } from './step.mjs'

const BTF = '/sys/kernel/btf/vmlinux'
const BPF = 'native/probe/bpf'
const VMLINUX = 'native/build/vmlinux.h'
/** Of each architecture of Node the name that bpf_tracing.h knows it by: it wants to know whose registers it reads. */
const TARGETS = { x64: 'x86', arm64: 'arm64' }

export async function buildNative() {
  mkdirSync(join(ROOT, 'native/build'), { recursive: true })
  await buildBpf()
  if (existsSync(join(ROOT, 'native/binding.gyp'))) await buildAddon()
}

async function buildBpf() {
  const folder = join(ROOT, BPF)
  const programs = existsSync(folder) ? readdirSync(folder).filter(file => file.endsWith('.bpf.c')) : []
  if (programs.length === 0) return
  if (TARGETS[arch()] === undefined) throw new StepError(`no BPF target for ${arch()}`, `${Object.keys(TARGETS).join(' and ')} are supported`)
  // Any kernel's types will do, also those of another architecture: the loader relocates them to those of the kernel it finds (CO-RE).
  await step('kernel types (vmlinux.h)', { inputs: [], outputs: [VMLINUX] }, dumpTypes)
  for (const cpu of Object.keys(TARGETS)) {
    mkdirSync(join(ROOT, 'native/build', cpu), { recursive: true })
    for (const program of programs) {
      const object = `native/build/${cpu}/${program.replace(/c$/, 'o')}`
      const files = { inputs: [BPF, 'native/abi.h', VMLINUX], outputs: [object] }
      await step(`BPF program ${program} for ${cpu}`, files, () => compile(`${BPF}/${program}`, object, TARGETS[cpu]))
      // The addon embeds the object: one file to ship.
      const skeleton = object.replace(/\.bpf\.o$/, '.skel.h')
      const name = program.replace(/\.bpf\.c$/, '_bpf')
      await step(`skeleton ${skeleton}`, { inputs: [object], outputs: [skeleton] }, () => generateSkeleton(object, name, skeleton))
    }
  }
}

async function dumpTypes() {
  if (!existsSync(BTF)) {
    throw new StepError(`this kernel does not describe its types: no ${BTF}`, 'build on a kernel with CONFIG_DEBUG_INFO_BTF=y')
  }
  const file = openSync(join(ROOT, VMLINUX), 'w')
  try {
    await command('bpftool', ['btf', 'dump', 'file', BTF, 'format', 'c'], { to: file, hint: 'apt-get install bpftool' })
  } catch (error) {
    discard([VMLINUX])
    throw error
  } finally {
    closeSync(file)
  }
}

async function compile(source, object, target) {
  const flags = ['-O2', '-g', '-Wall', '-target', 'bpf', '-mcpu=v3', `-D__TARGET_ARCH_${target}`]
  const paths = ['-Inative', '-Inative/build', `-I${BPF}`]
  try {
    await command('clang', [...flags, ...paths, '-c', source, '-o', object], { hint: 'apt-get install clang libbpf-dev' })
    // DWARF goes, BTF stays: 71 KB become 49 KB.
    await command('llvm-strip', ['-g', object], { hint: 'apt-get install llvm' })
  } catch (error) {
    discard([object])
    throw error
  }
}

async function generateSkeleton(object, name, skeleton) {
  const file = openSync(join(ROOT, skeleton), 'w')
  try {
    await command('bpftool', ['gen', 'skeleton', object, 'name', name], { to: file, hint: 'apt-get install bpftool' })
  } catch (error) {
    discard([skeleton])
    throw error
  } finally {
    closeSync(file)
  }
}

async function buildAddon() {
  const sources = readdirSync(join(ROOT, 'native')).filter(entry => entry !== 'build' && !entry.endsWith('.mjs')).map(entry => `native/${entry}`)
  // The name is binding.gyp's business; a stamp would lie after somebody removed the addon by hand.
  const built = addons()
  const outputs = built.length > 0 ? built : ['native/build/Release/none']
  await step('addon', { inputs: sources, outputs }, async () => {
    // Not `rebuild`, which would remove the rest of native/build.
    await command('node_modules/.bin/node-gyp', ['configure', 'build', '--directory=native', ...nodeHeaders()], {
      hint: 'apt-get install g++ make python3 libbpf-dev libelf-dev zlib1g-dev',
    })
    // make leaves it alone when a source changed that it does not know of, such as a README: it is up to date now.
    for (const addon of addons()) utimesSync(join(ROOT, addon), new Date(), new Date())
  })
}

function addons() {
  const release = join(ROOT, 'native/build/Release')
  const files = existsSync(release) ? readdirSync(release) : []
  return files.filter(file => file.endsWith('.node')).map(file => `native/build/Release/${file}`)
}

/** Where Node is installed with its headers, node-gyp need not download them. */
export function nodeHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : []
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await script(buildNative)
