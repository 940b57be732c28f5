// timeout: 40
// One program, unchanged, on the module and on the eBPF probe.
import { run } from './tools/program.mjs'
import { leave } from './tools/result.mjs'

const lines = probe => run('node', 'test/guest/scenarios/tools/lines.mjs', `sysdig:${probe}`, `/out/lines.${probe}.txt`)
leave({ kmod: JSON.parse(await lines('kmod')), bpf: JSON.parse(await lines('bpf')) })
