// Events into a network interface of our own, a process of its own: node tap.mjs BUNDLE NAME FILE TIMES. Makes the interface, writes "ready",
// waits for a byte on standard input, writes the file's events so many times, then as JSON what became of them, and stays until standard
// input ends.
const [bundle, name, file, times] = process.argv.slice(2)
const { openFile, openTap } = await import(bundle)
const tap = openTap(name)
const input = process.stdin[Symbol.asyncIterator]()
process.stdout.write('ready\n')
await input.next()
const before = process.cpuUsage()
const begun = process.hrtime.bigint()
for (let i = 0; i < Number(times); i++) for await (const burst of await openFile(file)) tap.write(burst)
const wallNs = Number(process.hrtime.bigint() - begun)
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ ...tap.stats(), wallNs, cpuNs: (user + system) * 1000, userNs: user * 1000 }))
await input.next()
tap.close()
