/** sysring: a Linux machine's system calls as one more network interface. */

// Sources
export { open, type LiveDevice } from './open.js'
export { openFile, type FileOptions } from './iface/file/open.js'
export { merge, type MergeOptions } from './merge/merge.js'
export type { MergedCapture, MergedStats } from './merge/capture.js'
export type { AttributionStats } from './merge/attribution.js'
export type { LiveCapture } from './iface/live.js'
export type { NicCapture } from './iface/nic/capture.js'
export type { FanoutMode, NicOptions } from './iface/nic/options.js'
export type { CapCapture, CapOptions } from './iface/nic/cap.js'
export type { LiveOptions, Tracepoint } from './probe/options.js'
export type { ProbeInfo } from './probe/probe.js'

// Queues
export { balance } from './balance/balance.js'
export type { BalanceOptions } from './balance/options.js'
export type { Key, Queues } from './balance/policy.js'
export type { Cluster, ClusterQueueStats, ClusterStats } from './balance/cluster.js'
export type { QueueCapture, QueueOptions } from './cluster/capture.js'
export type { QueueStats } from './cluster/counters.js'
export { pipeline, type Pipeline, type PipelineStats, type StageStats } from './pipeline/pipeline.js'
export type { PipelineOptions } from './pipeline/options.js'
export type { Stage } from './pipeline/stage.js'

// What they deliver
export { Capture, type CaptureOptions, type CpuStats, type Interface, type Stats } from './iface/capture.js'
export type { StreamStats } from './iface/stream.js'
export type { MetadataBlock } from './iface/metadata.js'
export type { Burst, Lost } from './iface/burst.js'
export { Event, FLAG_STATE_ONLY, PACKET } from './event/event.js'
export type { Packet, PacketProcess } from './event/packet.js'
export type { Bytes } from './event/bytes.js'
export type { Direction } from './event/record.js'
export type { Args, ArgsByName, ArgsByNameAndDirection, ArgsByType, ArgValue, EventName } from './event/types.generated.js'

// What events mean
export { eventInfo, syscallName, syscallNumber } from './event/table.js'
export { argsText } from './event/text.js'
export { lineText } from './event/line.js'
export { jsonText } from './event/json.js'

// What is known of who made them
export type { State } from './state/state.js'
export type { ThreadInfo } from './state/threadinfo.js'
export type { FdInfo } from './state/fdinfo.js'
export type { ContainerInfo } from './state/container.js'

// Filters and formats
export { explainFilter, type Explanation } from './filter/explain.js'
export { lineFormat } from './field/lineformat.js'
export { CONTAINER_FORMAT, DEFAULT_FORMAT, type FormatOptions } from './field/formatter.js'
export type { Value } from './field/field.js'

// Writing
export { pcap, type PcapOptions } from './export/pcap.js'
export { pcapng, type PcapngOptions } from './export/pcapng.js'
export { scap, type ScapOptions } from './export/scap.js'
export { chrome } from './export/chrome.js'
export { writeFile, type WriteFileOptions, type Written } from './export/file.js'
export { writeFiles, type Rotation, type WriteFilesOptions, type WrittenFiles } from './export/rotation.js'
export { openSender, type NicSender, type SendOptions, type Sent } from './export/nic.js'
export { openTap, type Tap, type TapStats } from './export/tap.js'
export { Readers, type InterfaceReader } from './export/readers.js'
export { frameExpression, type FrameFilter } from './export/expression.js'
export { snapshot } from './export/metadata.js'

export { CaptureError, isCaptureError, type CaptureErrorCode } from './errors.js'
