-- A frame: sysring's header, the record (lib/export/framing.ts and lib/event/record.ts say how they are laid out), what may
-- follow it. Everything is checked against the bytes that are there: frames are cut by a snaplen, and come from anybody.
local u16, u32, s64 = bytes.u16, bytes.u32, bytes.s64

local ETHERTYPE = 0x88b5
local VERSION = 1
local SEQUENCE, SUMMARY, V1 = 0x02, 0x04, 0x80
local FRAME_HEADER, HEADER, HEADER_V1 = 4, 26, 22
local LARGE_LENGTHS = { [322] = true, [324] = true, [402] = true }

local proto = Proto('sysring', 'System call event')

local event_names = {}
for code, event in pairs(tables.events) do event_names[code] = event.name end

local f = {
  version = fields.make('UINT8', 'sysring.version', 'Version'),
  flags = fields.make('UINT8', 'sysring.flags', 'Flags', base.HEX),
  state_only = ProtoField.bool('sysring.flags.state_only', 'Only updates state', 8, nil, 0x01),
  sequence_flag = ProtoField.bool('sysring.flags.sequence', 'Has a sequence number', 8, nil, SEQUENCE),
  summary_flag = ProtoField.bool('sysring.flags.summary', 'Summary of a sender', 8, nil, SUMMARY),
  v1_flag = ProtoField.bool('sysring.flags.v1', 'Record from before 2018', 8, nil, V1),
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
local FLAGS = { f.state_only, f.sequence_flag, f.summary_flag, f.v1_flag }
for _, flag in ipairs(FLAGS) do fields.all[#fields.all + 1] = flag end
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

-- A record of the old kind does not say how many parameters it has: so many as make its length come out.
local function count_v1(s, lengths, record_end)
  local count, size = 0, lengths - 1
  while size < record_end and lengths + 2 * count + 1 <= math.min(#s, record_end) do
    size = size + 2 + u16(s, lengths + 2 * count)
    count = count + 1
  end
  return size == record_end and count or 0
end

-- Where parameters stand: { at, length } for each whose length is there, and where the last of them ends. `width` is that of a length.
local function places(s, lengths, count, width, limit)
  local found = {}
  local at = lengths + width * count
  local read = width == 4 and u32 or u16
  for i = 1, count do
    local from = lengths + width * (i - 1)
    if from + width - 1 > limit then return found, at - 1, false end
    local length = read(s, from)
    found[i] = { at, length }
    at = at + length
  end
  return found, at - 1, true
end

local function add_lengths(tree, tvb, lengths, count, width, limit)
  local size = math.min(width * count, limit - lengths + 1)
  if size < 0 then return end
  local item = tree:add(f.lens, tvb(lengths - 1, size))
  if width == 4 then return end
  for from = lengths, lengths + size - 2, 2 do item:add_le(f.len, tvb(from - 1, 2)) end
end

-- Adds the parameters and gives them as text.
local function add_params(tree, tvb, s, event, found, count, limit)
  local shown = {}
  for i, place in ipairs(found) do
    local at, length = place[1], place[2]
    local there = math.min(length, limit - at + 1)
    local param = event and tables.param(event, i, count)
    if not param then
      if there > 0 then tree:add(f.rest, tvb(at - 1, there)) end
    elseif there > 0 then
      local value = param.text(s, at, there)
      if there < length then value = value .. '…' end
      local item = param.add(tree, tvb, s, at, there)
      if item and tree.visible then item:set_text(param.name .. ': ' .. value) end
      shown[#shown + 1] = param.name .. '=' .. value
    elseif length == 0 and at - 1 <= limit then
      param.add_empty(tree, tvb, at)
      shown[#shown + 1] = param.name .. '=' .. param.empty
    end
  end
  return table.concat(shown, ' ')
end

-- Generic events are named by the system call that is their first parameter, or their third where sysdig does not know the first.
local function name_of(event, type, s, found, limit)
  if not event then return 'unknown' end
  if type > 1 then return event.name end
  local function call(i)
    local place = found[i]
    return place and place[2] == 2 and place[1] + 1 <= limit and u16(s, place[1]) or nil
  end
  local code = call(1)
  if code == 0 then code = call(3) or 0 end
  return tables.calls[code] or '<unknown>'
end

-- A line as sysdig's: "cat (1234) > openat dirfd=-100(AT_FDCWD) name=/etc/passwd".
local function line(type, name, args, tid, process)
  local text = ('%s(%.0f) %s %s %s'):format(process and process .. ' ' or '', tid, type % 2 == 0 and '>' or '<', name, args)
  return (text:gsub('%c', '.'))
end

-- The 4 bytes behind FRAME_HEADER from `at`, if they are there.
local function add_number(tree, field, tvb, s, at)
  if at + 3 > #s then return false end
  tree:add_le(field, tvb(at - 1, 4))
  return true
end

local function dissect_summary(tvb, pinfo, tree, s)
  pinfo.cols.info = 'summary of a sender'
  for i, field in ipairs { f.stream, f.sequence, f.not_sent } do
    if not add_number(tree, field, tvb, s, FRAME_HEADER + 4 * i - 3) then return tree:add_proto_expert_info(truncated) end
  end
end

local function dissect_record(tvb, pinfo, tree, s, flags)
  local start = FRAME_HEADER + 1
  local is_v1 = flags >= V1
  local header = is_v1 and HEADER_V1 or HEADER
  if #s < FRAME_HEADER + header then
    pinfo.cols.info = '[truncated]'
    return tree:add_proto_expert_info(tvb:reported_len() > #s and truncated or malformed)
  end
  local tid, len, type = s64(s, start + 8), u32(s, start + 16), u16(s, start + 20)
  local event = tables.events[type]
  local lengths, record_end = start + header, start + len - 1
  local limit = math.min(#s, record_end)
  local width = LARGE_LENGTHS[type] and 4 or 2
  local count = is_v1 and count_v1(s, lengths, record_end) or u32(s, start + 22)
  local fits = len >= header and count * width <= len - header
  if not fits then count = 0 end

  tree:add(f.time, tvb(start - 1, 8), fields.time(s, start))
  tree:add_le(f.thread_id, tvb(start + 7, 8))
  tree:add_le(f.event_len, tvb(start + 15, 4))
  if not is_v1 then tree:add_le(f.nparams, tvb(start + 21, 4)) end
  local type_item = tree:add_le(f.event_type, tvb(start + 19, 2))

  local found, stop, whole = places(s, lengths, count, width, limit)
  add_lengths(type_item, tvb, lengths, count, width, limit)
  local name = name_of(event, type, s, found, limit)
  tree:add(f.event, tvb(start + 19, 2), name):set_generated()

  local has_sequence = flags % (2 * SEQUENCE) >= SEQUENCE
  local stream = has_sequence and record_end + 8 <= #s and u32(s, record_end + 1) or 0
  if not pinfo.visited and event then
    processes.follow(name, type % 2 == 1, stream, pinfo.number, tid, s, function(param)
      local place = found[event.index[param]]
      if place and place[2] > 0 and place[1] + place[2] - 1 <= limit then return place[1], place[2] end
    end)
  end
  local process = processes.name(stream, pinfo.number, tid)
  if process then tree:add(f.process, process):set_generated() end

  local args = add_params(tree, tvb, s, event, found, count, limit)
  if type < 2 then args = '' end
  pinfo.cols.info = line(type, name, args, tid, process)
  if tree.visible then tree:append_text((': %s %s%s'):format(type % 2 == 1 and '<' or '>', name, process and ', ' .. process or '')) end

  if has_sequence then
    add_number(tree, f.stream, tvb, s, record_end + 1)
    add_number(tree, f.sequence, tvb, s, record_end + 5)
  end
  if not fits or whole and stop > record_end then tree:add_proto_expert_info(malformed)
  elseif record_end + (has_sequence and 8 or 0) > #s then
    tree:add_proto_expert_info(truncated)
    pinfo.cols.info:append(' [truncated]')
  end
end

-- What is not ours, of the EtherType for experiments and the link type for private use, is left to others.
function proto.dissector(tvb, pinfo, tree)
  local size = tvb:captured_len()
  if size < FRAME_HEADER or tvb(0, 1):uint() ~= VERSION then return 0 end
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
  if flags % (2 * SUMMARY) >= SUMMARY then dissect_summary(tvb, pinfo, item, s)
  else dissect_record(tvb, pinfo, item, s, flags) end
  return size
end

DissectorTable.get('ethertype'):add(ETHERTYPE, proto)
DissectorTable.get('wtap_encap'):add(wtap_encaps.USER0, proto)

return proto
