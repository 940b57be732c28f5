/** sysring: a Linux machine's system calls as one more network interface. */

// Sources
export { open } from './open.js'
export { openFile, type FileOptions } from './iface/file/open.js'
export type { LiveCapture } from './iface/live.js'
export type { LiveOptions, Tracepoint } from './probe/options.js'
export type { ProbeInfo } from './probe/probe.js'

// What they deliver
export { Capture, type CaptureOptions, type CpuStats, type Interface, type Stats } from './iface/capture.js'
export type { MetadataBlock } from './iface/metadata.js'
export type { Burst, Lost } from './iface/burst.js'
export { Event, FLAG_STATE_ONLY, PACKET, type Packet } from './event/event.js'
export type { Bytes } from './event/bytes.js'
export type { Direction } from './event/record.js'
export type { Args, ArgsByName, ArgsByNameAndDirection, ArgsByType, ArgValue, EventName } from './event/types.generated.js'

// What events mean
export { eventInfo, syscallName, syscallNumber } from './event/table.js'
export { argsText } from './event/text.js'
export { lineText } from './event/line.js'
export { jsonText } from './event/json.js'

// Writing
export { pcap, type PcapOptions } from './export/pcap.js'
export { pcapng, type PcapngOptions } from './export/pcapng.js'
export { scap, type ScapOptions } from './export/scap.js'
export { writeFile } from './export/file.js'
export { snapshot } from './export/metadata.js'

export { CaptureError, isCaptureError, type CaptureErrorCode } from './errors.js'
