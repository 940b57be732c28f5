-- A record (lib/event/record.ts says how it is laid out), read from the bytes `s` of a frame, which may be cut anywhere and may
-- say anything. Nothing beyond the bytes that are there is looked at.
local u16, u32, s64 = bytes.u16, bytes.u32, bytes.s64

local HEADER, HEADER_V1 = 26, 22
-- pluginevent, container_json_2, asyncevent: their lengths have 32 bits.
local LARGE_LENGTHS = { [322] = true, [324] = true, [402] = true }

local record = {}

-- A record from before 2018 does not say how many parameters it has: so many as make its length come out. Where the lengths are
-- cut it is as many as can be seen; nil if the length does not come out.
local function count_v1(s, lengths, stop)
  local count, last = 0, lengths - 1
  while last < stop do
    local at = lengths + 2 * count
    if at + 1 > #s then return count end
    last = last + 2 + u16(s, at)
    count = count + 1
  end
  return last == stop and count or nil
end

-- Where the parameters are: { at, length } of each whose length is there. Gives where the last one ends, too.
local function places(s, r)
  local list, at = {}, r.lengths + r.width * r.count
  local read = r.width == 4 and u32 or u16
  for i = 1, r.count do
    local from = r.lengths + r.width * (i - 1)
    if from + r.width - 1 > r.limit then break end
    local length = read(s, from)
    list[i] = { at, length }
    at = at + length
  end
  return list, at - 1
end

-- Generic events are named by the system call that is their first parameter, or their third where sysdig does not know the first.
local function name_of(s, r)
  if not r.event then return 'unknown' end
  if r.type > 1 then return r.event.name end
  local function call(i)
    local place = r.places[i]
    return place and place[2] == 2 and place[1] + 1 <= r.limit and u16(s, place[1]) or nil
  end
  local code = call(1)
  if code == 0 then code = call(3) or 0 end
  return tables.calls[code] or '<unknown>'
end

-- The record from `start`, counted from 1; nil where not even its header is there. `stop` is where it ends, `limit` where what is there of it
-- ends. `malformed`: it contradicts itself. `cut`: there should be more.
function record.read(s, start, is_v1)
  local header = is_v1 and HEADER_V1 or HEADER
  if #s < start + header - 1 then return nil end
  local len, type = u32(s, start + 16), u16(s, start + 20)
  local r = {
    start = start, tid = s64(s, start + 8), type = type, event = tables.events[type], is_exit = type % 2 == 1,
    lengths = start + header, width = LARGE_LENGTHS[type] and 4 or 2, stop = start + len - 1, is_v1 = is_v1,
  }
  r.limit = math.min(#s, r.stop)
  r.cut = r.stop > #s
  local count
  if is_v1 then count = count_v1(s, r.lengths, r.stop) else count = u32(s, start + 22) end
  local fits = count and len >= header and count * r.width <= len - header
  r.count = fits and count or 0
  local last
  r.places, last = places(s, r)
  r.malformed = not fits or last > r.stop
  r.name = name_of(s, r)
  return r
end

-- Where the parameter of that name is, and its length; nil if not all of it is there, or nothing.
function record.place(r, name)
  local place = r.event and r.places[r.event.index[name]]
  if place and place[2] > 0 and place[1] + place[2] - 1 <= r.limit then return place[1], place[2] end
end

return record
