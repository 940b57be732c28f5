-- Parameters as text, as sysdig prints them: "-2(ENOENT)", "4097(O_RDONLY|O_CLOEXEC)", "10.0.0.1:4000->10.0.0.2:80".
-- Each function gets the record `s`, where the value is, and its length, which may be any; what is too short has no text.
local band, bnot = bit.band, bit.bnot
local u16, u32, s32, s64 = bytes.u16, bytes.u32, bytes.s32, bytes.s64

local BITS = { SIGTYPE = 8, SYSCALLID = 16, PORT = 16, UID = 32, GID = 32, MODE = 32, SIGSET = 32 }

local function bits_of(type)
  return tonumber(type:match('%d+$')) or BITS[type] or 64
end

local function unsigned(bits)
  return bits == 8 and string.byte or bits == 16 and u16 or u32
end

local function octal(value)
  return value == 0 and '0' or ('0%o'):format(value)
end

local function integer(type, format)
  local bits = bits_of(type)
  local is_signed = not (type:find('^[US]') or type == 'PORT')
  if bits == 64 then
    local show = format == 'HEX' and bytes.hex64_text or is_signed and bytes.signed64_text or bytes.unsigned64_text
    return function(s, at, length) return length >= 8 and show(s, at) or '' end
  end
  local size, read, limit = bits / 8, unsigned(bits), 2 ^ (bits - 1)
  return function(s, at, length)
    if length < size then return '' end
    local value = read(s, at)
    if format == 'HEX' then return ('%X'):format(value) end
    if format == 'OCT' then return octal(value) end
    return ('%d'):format(is_signed and value >= limit and value - 2 * limit or value)
  end
end

-- Names.

local function error_name(s, at)
  return s32(s, at + 4) < 0 and tables.errors[-s32(s, at)] or nil
end

-- Of the bits in `value`, in the order of the table, each bit once; an entry that is the whole value is the last one.
local function bit_names(flags, value)
  local names, rest = {}, value
  for i, flag in ipairs(flags.values) do
    if flag == value then
      names[#names + 1] = flags.names[i]
      break
    elseif flag ~= 0 and rest ~= 0 and band(rest, flag) == band(flag, flag) then
      names[#names + 1] = flags.names[i]
      rest = band(rest, bnot(flag)) % 0x100000000
    end
  end
  return table.concat(names, '|')
end

local function value_names(flags, value)
  local names = {}
  for i, each in ipairs(flags.values) do
    if each == value then names[#names + 1] = flags.names[i] end
  end
  return table.concat(names, '|')
end

-- Few values occur, and they occur again and again.
local MAX_KNOWN = 1000

local function flags_text(param)
  local raw = integer(param.type == 'MODE' and 'UINT32' or 'UINT' .. bits_of(param.type), param.type == 'MODE' and param.format or 'DEC')
  local flags = param.flags
  if not flags then return raw end
  local bits = bits_of(param.type)
  local size, read, names = bits / 8, unsigned(bits), param.type:find('^ENUM') and value_names or bit_names
  local known, count = {}, 0
  return function(s, at, length)
    if length < size then return '' end
    local value = read(s, at)
    local text = known[value]
    if text == nil then
      local found = names(flags, value)
      text = found == '' and raw(s, at, length) or ('%s(%s)'):format(raw(s, at, length), found)
      if count < MAX_KNOWN then known[value], count = text, count + 1 end
    end
    return text
  end
end

-- Addresses.

local function ipv4(s, at)
  return ('%d.%d.%d.%d'):format(s:byte(at, at + 3))
end

-- As inet_ntop: the longest run of zero groups is "::".
local function ipv6(s, at)
  local groups, best, best_length = {}, 0, 1
  for i = 1, 8 do
    local high, low = s:byte(at + 2 * i - 2, at + 2 * i - 1)
    groups[i] = high * 0x100 + low
  end
  for i = 1, 8 do
    local stop = i
    while stop <= 8 and groups[stop] == 0 do stop = stop + 1 end
    if stop - i > best_length then best, best_length = i, stop - i end
  end
  if best == 1 and (best_length == 6 or best_length == 5 and groups[6] == 0xffff) then
    return (best_length == 6 and '::' or '::ffff:') .. ipv4(s, at + 12)
  end
  local function join(from, to)
    local parts = {}
    for i = from, to do parts[#parts + 1] = ('%x'):format(groups[i]) end
    return table.concat(parts, ':')
  end
  if best == 0 then return join(1, 8) end
  return join(1, best - 1) .. '::' .. join(best + best_length, 8)
end

local function port(s, at)
  return (':%d'):format(u16(s, at))
end

local UNIX, INET, INET6 = 1, 2, 10

local function sockaddr(s, at, length)
  local family = s:byte(at)
  if family == INET then return length < 7 and 'INVALID IPv4' or ipv4(s, at + 1) .. port(s, at + 5) end
  if family == INET6 then return length < 19 and 'INVALID IPv6' or ipv6(s, at + 1) .. port(s, at + 17) end
  if family == UNIX then return bytes.string(s, at + 1, length - 1) end
  return ('family %d'):format(family)
end

local MAPPED = ('\0'):rep(10) .. '\255\255'

-- IPv4 spoken through an IPv6 socket is shown as IPv4.
local function tuple6(s, at)
  local mapped = s:sub(at, at + 11) == MAPPED and s:sub(at + 18, at + 29) == MAPPED
  local function address(from) return mapped and ipv4(s, from + 12) or ipv6(s, from) end
  return address(at) .. port(s, at + 16) .. '->' .. address(at + 18) .. port(s, at + 34)
end

local function socktuple(s, at, length)
  local family = s:byte(at)
  if family == INET then
    return length < 13 and 'INVALID IPv4' or ipv4(s, at + 1) .. port(s, at + 5) .. '->' .. ipv4(s, at + 7) .. port(s, at + 11)
  end
  if family == INET6 then return length < 37 and 'INVALID IPv6' or tuple6(s, at + 1) end
  if family == UNIX then
    if length < 17 then return 'INVALID UNIX' end
    local source, dest = bytes.hex64_text(s, at + 1):lower(), bytes.hex64_text(s, at + 9):lower()
    return ('%s->%s %s'):format(source, dest, bytes.string(s, at + 17, length - 17))
  end
  return ('family %d'):format(family)
end

-- Texts and buffers.

local function charbuf(s, at, length)
  return bytes.string(s, at, length)
end

local function path(s, at, length)
  return (bytes.string(s, at, length):gsub('[^\32-\126]', ''))
end

-- How much of a buffer is shown: sysdig's limit.
local SHOWN = 80

local function bytebuf(s, at, length)
  local is_cut = length > SHOWN
  local shown = s:sub(at, at + (is_cut and SHOWN - 3 or length) - 1):gsub('[^\32-\126]', '.')
  return is_cut and shown .. '...' or shown
end

-- Times.

local function is_none(s, at)
  return s:sub(at, at + 7) == '\255\255\255\255\255\255\255\255'
end

local function reltime(s, at, length)
  if length < 8 then return '' end
  if is_none(s, at) then return 'none' end
  local seconds = (u32(s, at + 4) * 0x100000000 + u32(s, at)) / 1e9
  return ('%s(%gs)'):format(bytes.unsigned64_text(s, at), seconds)
end

local function abstime(s, at, length)
  if length < 8 then return '' end
  local ns = Struct.unpack('<E', s, at)
  local seconds, rest = (ns / 1000000000):tonumber(), (ns % 1000000000):tonumber()
  return os.date('%Y-%m-%d %H:%M:%S', seconds) .. ('.%09d'):format(rest) .. os.date(' %z', seconds)
end

-- Types with something of their own. What is not here is an integer.

local decimal64, decimal32 = integer('INT64', 'DEC'), integer('INT32', 'DEC')
local AT_FDCWD = -100
local NO_ID = 0xffffffff

local function named(raw, size, name)
  return function(s, at, length)
    local resolved = length >= size and name(s, at)
    return resolved and ('%s(%s)'):format(raw(s, at, length), resolved) or raw(s, at, length)
  end
end

local function id_name(s, at)
  return u32(s, at) == NO_ID and '<NONE>' or nil
end

local function fd_name(s, at)
  return s64(s, at) == AT_FDCWD and 'AT_FDCWD' or error_name(s, at)
end

local function signals(s, at, length)
  if length < 4 then return '' end
  local names, set = {}, u32(s, at)
  for signal = 1, 32 do
    if set % 2 == 1 then names[#names + 1] = tables.signals[signal] or 'SIG' .. signal end
    set = math.floor(set / 2)
  end
  return table.concat(names, ' ')
end

local function fdlist(s, at, length)
  if length < 2 then return '' end
  local list = {}
  for i = 0, math.min(u16(s, at), math.floor((length - 2) / 10)) - 1 do
    local entry = at + 2 + 10 * i
    local fd = bytes.unsigned64_text(s, entry)
    local events = u16(s, entry + 8)
    list[#list + 1] = ('%s:?%x'):format(fd, events < 0x8000 and events or events + 0xffff0000)
  end
  return table.concat(list, ' ')
end

local TEXTS = {
  ERRNO = named(decimal64, 8, error_name),
  FD = named(decimal64, 8, fd_name),
  PID = decimal64,
  UID = named(decimal32, 4, id_name),
  GID = named(decimal32, 4, id_name),
  SYSCALLID = named(integer('UINT16', 'DEC'), 2, function(s, at) return tables.calls[u16(s, at)] or '<unknown>' end),
  SIGTYPE = named(integer('UINT8', 'DEC'), 1, function(s, at) return tables.signals[s:byte(at)] end),
  SIGSET = signals, RELTIME = reltime, ABSTIME = abstime,
  CHARBUF = charbuf, FSPATH = path, FSRELPATH = path,
  BYTEBUF = bytebuf, CHARBUFARRAY = bytebuf, CHARBUF_PAIR_ARRAY = bytebuf,
  SOCKADDR = sockaddr, SOCKTUPLE = socktuple, FDLIST = fdlist,
  IPV4ADDR = function(s, at, length) return length >= 4 and ipv4(s, at) or '' end,
  IPV6ADDR = function(s, at, length) return length >= 16 and ipv6(s, at) or '' end,
}

local text = { UNIX = UNIX, INET = INET, INET6 = INET6 }

-- Bytes of a number of that type.
function text.size(type)
  return bits_of(type) / 8
end

local function dynamic(param)
  local of = {}
  for i, variant in pairs(param.variants) do of[i] = text.of(variant) end
  return function(s, at, length)
    local show = of[s:byte(at)]
    if not show then return 'INVALID DYNAMIC PARAMETER' end
    return length > 1 and show(s, at + 1, length - 1) or ''
  end
end

-- The function that gives the text of a parameter of `length` > 0 bytes.
function text.of(param)
  if param.type == 'DYN' then return dynamic(param) end
  if param.type == 'ERRNO' and param.format == 'HEX' then return integer('UINT64', 'HEX') end
  if param.type == 'MODE' or param.type:find('FLAGS%d+$') then return flags_text(param) end
  return TEXTS[param.type] or integer(param.type, param.format)
end

-- Of a parameter without bytes.
function text.empty(param)
  return (param.type == 'SOCKADDR' or param.type == 'SOCKTUPLE') and 'NULL' or ''
end

return text
