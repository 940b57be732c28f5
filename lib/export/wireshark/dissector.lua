-- A frame: sysring's header, the record, what may follow it (lib/export/framing.ts).
local ETHERTYPE = 0x88b5
local VERSION = 1
local STATE_ONLY, SEQUENCE, SUMMARY, V1 = 0x01, 0x02, 0x04, 0x80
-- Bytes before the record, and of a sender's number behind it.
local HEADER = 4
local NUMBER = 8

local proto = Proto('sysring', 'System call event')

local event_names = {}
for code, event in pairs(tables.events) do event_names[code] = event.name end

local f = {
  version = fields.make('UINT8', 'sysring.version', 'Version'),
  flags = fields.make('UINT8', 'sysring.flags', 'Flags', base.HEX),
  time = fields.make('ABSOLUTE_TIME', 'sysring.time', 'Time of the event', base.UTC),
  process = fields.make('STRING', 'sysring.process', 'Process'),
  event = fields.make('STRING', 'sysring.event', 'Event'),
  rest = fields.make('BYTES', 'sysring.param', 'Parameter that is not known'),
  stream = fields.make('UINT32', 'sysring.stream', 'Stream', base.HEX),
  sequence = fields.make('UINT32', 'sysring.sequence', 'Sequence number'),
  not_sent = fields.make('UINT32', 'sysring.not_sent', 'Events that could not be sent'),
  cpu_id = fields.make('UINT16', 'sysdig.cpu_id', 'CPU ID'),
  thread_id = fields.make('UINT64', 'sysdig.thread_id', 'Thread ID'),
  event_len = fields.make('UINT32', 'sysdig.event_len', 'Event length'),
  nparams = fields.make('UINT32', 'sysdig.nparams', 'Number of parameters'),
  event_type = fields.make('UINT16', 'sysdig.event_type', 'Event type', base.DEC, event_names),
  lens = fields.make('BYTES', 'sysdig.param.lens', 'Parameter lengths'),
  len = fields.make('UINT16', 'sysdig.param.len', 'Parameter length'),
}
local FLAGS = {
  fields.make('BOOL', 'sysring.flags.state_only', 'Only updates state', 8, nil, STATE_ONLY),
  fields.make('BOOL', 'sysring.flags.sequence', 'Has a sequence number', 8, nil, SEQUENCE),
  fields.make('BOOL', 'sysring.flags.summary', 'Summary of a sender', 8, nil, SUMMARY),
  fields.make('BOOL', 'sysring.flags.v1', 'Record from before 2018', 8, nil, V1),
}
proto.fields = fields.all

local malformed = ProtoExpert.new('sysring.malformed', 'Malformed record', expert.group.MALFORMED, expert.severity.ERROR)
local truncated = ProtoExpert.new('sysring.truncated', 'Cut: the record is longer than what was captured', expert.group.UNDECODED, expert.severity.NOTE)
proto.experts = { malformed, truncated }

proto.init = processes.clear

for _, param in ipairs(tables.params) do
  param.text = text.of(param)
  param.empty = text.empty(param)
  param.add = fields.adder(param)
  param.add_empty = fields.empty_adder(param)
end

local function has(flags, flag)
  return flags % (2 * flag) >= flag
end

local function add_header(tree, tvb, s, r)
  local at = r.start - 1
  tree:add(f.time, tvb(at, 8), fields.time(s, r.start))
  tree:add_le(f.thread_id, tvb(at + 8, 8))
  tree:add_le(f.event_len, tvb(at + 16, 4))
  if not r.is_v1 then tree:add_le(f.nparams, tvb(at + 22, 4)) end
  local type_item = tree:add_le(f.event_type, tvb(at + 20, 2))
  tree:add(f.event, tvb(at + 20, 2), r.name):set_generated()

  local size = math.min(r.width * r.count, r.limit - r.lengths + 1)
  if size < 0 then return end
  local lens = type_item:add(f.lens, tvb(r.lengths - 1, size))
  if r.width == 4 then return end
  for from = r.lengths, r.lengths + size - 2, 2 do lens:add_le(f.len, tvb(from - 1, 2)) end
end

-- Adds the parameters and gives them as text.
local function add_params(tree, tvb, s, r)
  local shown = {}
  for i, place in ipairs(r.places) do
    local at, length = place[1], place[2]
    local there = math.min(length, r.limit - at + 1)
    local param = r.event and tables.param(r.event, i, r.count)
    if not param then
      if there > 0 then tree:add(f.rest, tvb(at - 1, there)) end
    elseif there > 0 then
      local value = param.text(s, at, there)
      if there < length then value = value .. '…' end
      local item = param.add(tree, tvb, s, at, there)
      if item and tree.visible then item:set_text(param.name .. ': ' .. value) end
      shown[#shown + 1] = param.name .. '=' .. value
    elseif length == 0 and at - 1 <= r.limit then
      param.add_empty(tree, tvb, at)
      shown[#shown + 1] = param.name .. '=' .. param.empty
    end
  end
  -- The parameters of generic events are their name.
  return r.type > 1 and table.concat(shown, ' ') or ''
end

-- Adds numbers of 32 bits from `at`; false if one of them is not there.
local function add_numbers(tree, tvb, s, at, ...)
  for _, field in ipairs { ... } do
    if at + 3 > #s then return false end
    tree:add_le(field, tvb(at - 1, 4))
    at = at + 4
  end
  return true
end

local function dissect_summary(tvb, pinfo, tree, s)
  pinfo.cols.info = 'summary of a sender'
  if not add_numbers(tree, tvb, s, HEADER + 1, f.stream, f.sequence, f.not_sent) then tree:add_proto_expert_info(truncated) end
end

local function dissect_record(tvb, pinfo, tree, s, flags)
  local r = record.read(s, HEADER + 1, has(flags, V1))
  if not r then
    pinfo.cols.info = '[truncated]'
    return tree:add_proto_expert_info(tvb:reported_len() > #s and truncated or malformed)
  end
  add_header(tree, tvb, s, r)

  local is_numbered = has(flags, SEQUENCE)
  local stream = is_numbered and r.stop + NUMBER <= #s and bytes.u32(s, r.stop + 1) or 0
  if not pinfo.visited then processes.follow(stream, pinfo.number, s, r) end
  local process = processes.name(stream, pinfo.number, r.tid)
  if process then tree:add(f.process, process):set_generated() end

  -- A line as sysdig's: "cat (1234) > openat dirfd=-100(AT_FDCWD) name=/etc/passwd".
  local direction = r.is_exit and '<' or '>'
  local args = add_params(tree, tvb, s, r)
  local line = ('%s(%.0f) %s %s %s'):format(process and process .. ' ' or '', r.tid, direction, r.name, args):gsub('%c', '.')
  pinfo.cols.info = line
  if tree.visible then tree:append_text((': %s %s%s'):format(direction, r.name, process and ', ' .. process or '')) end

  local is_whole = not r.cut
  if is_numbered then is_whole = add_numbers(tree, tvb, s, r.stop + 1, f.stream, f.sequence) and is_whole end
  if r.malformed then
    tree:add_proto_expert_info(malformed)
  elseif not is_whole then
    tree:add_proto_expert_info(truncated)
    pinfo.cols.info:append(' [truncated]')
  end
end

-- What is not ours, of the EtherType for experiments and the link type for private use, is left to others.
function proto.dissector(tvb, pinfo, tree)
  local size = tvb:captured_len()
  if size < HEADER or tvb(0, 1):uint() ~= VERSION then return 0 end
  local s = tvb:raw()
  local flags = s:byte(2)
  pinfo.cols.protocol = 'sysdig'
  local item = tree:add(proto, tvb())
  item:add(f.version, tvb(0, 1))
  local flags_item = item:add(f.flags, tvb(1, 1))
  -- Nearly all frames have none, and each item costs as much as a parameter.
  if flags ~= 0 then
    for _, flag in ipairs(FLAGS) do flags_item:add(flag, tvb(1, 1)) end
  end
  item:add_le(f.cpu_id, tvb(2, 2))
  local dissect = has(flags, SUMMARY) and dissect_summary or dissect_record
  dissect(tvb, pinfo, item, s, flags)
  return size
end

DissectorTable.get('ethertype'):add(ETHERTYPE, proto)
DissectorTable.get('wtap_encap'):add(wtap_encaps.USER0, proto)

return proto
