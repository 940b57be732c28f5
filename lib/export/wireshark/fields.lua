-- The fields of parameters, and how they come into the tree. A parameter stands at `at` of the frame `s`, from 1; `tvb` is the same
-- frame for Wireshark. Its `length` bytes are there, and at least one; they may be fewer than its type has.
local fields = { all = {} }
local types = {}

local MAKE = {
  BOOL = ProtoField.bool, BYTES = ProtoField.bytes, STRING = ProtoField.string, IPV4 = ProtoField.ipv4, IPV6 = ProtoField.ipv6,
  INT16 = ProtoField.int16, INT32 = ProtoField.int32, INT64 = ProtoField.int64,
  UINT8 = ProtoField.uint8, UINT16 = ProtoField.uint16, UINT32 = ProtoField.uint32, UINT64 = ProtoField.uint64,
  ABSOLUTE_TIME = ProtoField.absolute_time, RELATIVE_TIME = ProtoField.relative_time,
}
local BASE = { DEC = base.DEC, HEX = base.HEX, OCT = base.OCT }

-- Makes the field `name`. Where another version of Wireshark has one of that name and another type, ours begins with "sysring.".
function fields.make(type, name, ...)
  local made, field = pcall(MAKE[type], name, ...)
  if not made then field = MAKE[type](name:gsub('^sysdig', 'sysring'), ...) end
  fields.all[#fields.all + 1] = field
  return field
end

local by_name = {}
for line in data.fields:gmatch('[^\n]+') do
  local name, type, base_name = line:match('^(%S+) (%S+) ?(%S*)$')
  types[name] = type
  by_name[name] = fields.make(type, name, name:match('[^.]+$'), BASE[base_name])
end

-- Nanoseconds, as Wireshark's time.
function fields.time(s, at)
  local ns = Struct.unpack('<E', s, at)
  return NSTime((ns / 1000000000):tonumber(), (ns % 1000000000):tonumber())
end

local NONE = ('\255'):rep(8)

-- What bytes mean: adds the fields below `item`.

local function number(param)
  local field, size = by_name[param.field .. '.value'], text.size(param.type)
  return function(item, tvb, s, at, length)
    if length >= size then item:add_le(field, tvb(at - 1, size)) end
  end
end

local function texts(param)
  local field = by_name[param.field .. '.text']
  return function(item, tvb, s, at, length)
    for _, each in ipairs(bytes.strings(s, at, length)) do item:add(field, tvb(at - 1, length), each) end
  end
end

local function reltime(param)
  local field = by_name[param.field .. '.time']
  return function(item, tvb, s, at, length)
    if length >= 8 and s:sub(at, at + 7) ~= NONE then item:add(field, tvb(at - 1, 8), fields.time(s, at)) end
  end
end

local function fdlist(param)
  local fd, events = by_name[param.field .. '.fd'], by_name[param.field .. '.events']
  return function(item, tvb, s, at, length)
    if length < 2 then return end
    for i = 0, math.min(bytes.u16(s, at), math.floor((length - 2) / 10)) - 1 do
      item:add_le(fd, tvb(at + 1 + 10 * i, 8))
      item:add_le(events, tvb(at + 9 + 10 * i, 2))
    end
  end
end

local function dynamic(param)
  local field = by_name[param.field .. '.value']
  return function(item, tvb, s, at, length)
    local variant = param.variants[s:byte(at)]
    if not variant or variant.type == 'BYTEBUF' then return end
    local size = text.size(variant.type)
    if length > size then item:add_le(field, tvb(at, size)) end
  end
end

-- One end, or both, of a socket: `ends` are the names of their fields for IPv4, IPv6, the port, and the kernel's address.
local function socket(param, ends)
  local show = text.of(param)
  local function field(part) return by_name[param.field .. '.' .. part] end
  return function(item, tvb, s, at, length)
    local family = s:byte(at)
    item:add(field('text'), tvb(at - 1, length), show(s, at, length))
    item:add(field('family'), tvb(at - 1, 1))
    local from = at
    for _, names in ipairs(ends) do
      local v4, v6, port, pointer = names[1], names[2], names[3], names[4]
      local size = family == text.INET and 4 or family == text.INET6 and 16
      if size and from + size + 2 < at + length then
        item:add(field(size == 4 and v4 or v6), tvb(from, size))
        item:add_le(field(port), tvb(from + size, 2))
        from = from + size + 2
      elseif family == text.UNIX and pointer and from + 8 < at + length then
        item:add_le(field(pointer), tvb(from, 8))
        from = from + 8
      end
    end
    local rest = at + length - from - 1
    if family == text.UNIX and rest > 0 then item:add(field('path'), tvb(from, rest), bytes.string(s, from + 1, rest)) end
  end
end

local BELOW = {
  FSRELPATH = texts, CHARBUFARRAY = texts, CHARBUF_PAIR_ARRAY = texts, RELTIME = reltime, FDLIST = fdlist, DYN = dynamic,
  SOCKADDR = function(param) return socket(param, { { 'ip', 'ip6', 'port' } }) end,
  SOCKTUPLE = function(param) return socket(param, { { 'src', 'src6', 'srcport', 'srcptr' }, { 'dst', 'dst6', 'dstport', 'dstptr' } }) end,
}

local function below(param)
  if BELOW[param.type] then return BELOW[param.type](param) end
  if param.type == 'BYTEBUF' then return param.name == 'cgroups' and texts(param) or nil end
  return by_name[param.field .. '.value'] and number(param)
end

-- Lists of strings are shown as one, with blanks between them, as Wireshark does.
local function string_value(param)
  if not param.type:find('BYTEBUF') and not param.type:find('ARRAY') then return bytes.string end
  return function(s, at, length) return (s:sub(at, at + length - 1):gsub('%z$', ''):gsub('%z', ' ')) end
end

-- The function that adds a parameter to the tree and gives its item; none where the bytes do not suffice.
function fields.adder(param)
  local field, type = by_name[param.field], types[param.field]
  if type == 'BYTES' then
    local add_below = below(param)
    return function(tree, tvb, s, at, length)
      local item = tree:add(field, tvb(at - 1, length))
      if add_below then add_below(item, tvb, s, at, length) end
      return item
    end
  end
  if type == 'STRING' then
    local value = string_value(param)
    return function(tree, tvb, s, at, length) return tree:add(field, tvb(at - 1, length), value(s, at, length)) end
  end
  if type == 'IPV4' or type == 'IPV6' then
    local size = type == 'IPV4' and 4 or 16
    return function(tree, tvb, s, at, length) return length >= size and tree:add(field, tvb(at - 1, size)) or nil end
  end
  if type == 'ABSOLUTE_TIME' or type == 'RELATIVE_TIME' then
    return function(tree, tvb, s, at, length) return length >= 8 and tree:add(field, tvb(at - 1, 8), fields.time(s, at)) or nil end
  end
  local size = text.size(param.type)
  return function(tree, tvb, s, at, length) return length >= size and tree:add_le(field, tvb(at - 1, size)) or nil end
end

local function nothing() end

-- The same for a parameter without bytes: a buffer can be empty, anything else was not readable.
function fields.empty_adder(param)
  local field, type = by_name[param.field], types[param.field]
  if type == 'BYTES' then return function(tree, tvb, at) tree:add(field, tvb(at - 1, 0)) end end
  if type == 'STRING' then return function(tree, tvb, at) tree:add(field, tvb(at - 1, 0), '') end end
  return nothing
end

return fields
