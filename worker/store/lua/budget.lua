-- What one account's API may be asked for, shared by all threads and processes, on Redis time.
-- A part is `requests`, the account as a whole, or one with a limit of its own, such as `updates`.
-- KEYS the account's hash, the set of accounts, counters
-- ARGV 'take', account, urgency (0 most urgent), its reserve, '1' when the call ends what was
--        begun, share, part or '', seconds of a probe, longest wait
--      'answered', account, share, seconds an untold window is believed, JSON of
--        {part: {limit, remaining, resets, used}}
--      'pause', account, part, seconds
--      'failed', account, about what or '', failures that open, seconds within which, first and
--        longest pause
-- Returns for 'take' {'', ''}, or {seconds to wait, 'paused' | 'down' | 'spent'}; else 1.
local hash, op, account = KEYS[1], ARGV[1], ARGV[2]
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local function get(name) return tonumber(redis.call('HGET', hash, name)) end
local function set(name, value) redis.call('HSET', hash, name, string.format('%.6f', value)) end
local function count(name) redis.call('HINCRBY', KEYS[3], name, 1) end
local function no(seconds, why)
  count('helpdesk_not_asked_' .. why)
  return {string.format('%.3f', seconds), why}
end

-- What a part holds now, and of that what may be used; nil when its limit is not known. Of what the
-- helpdesk says is left until its window ends, a fifth of the agents' share is never touched.
local function level(part, share)
  local capacity, rate = get('capacity:' .. part), get('rate:' .. part)
  if not capacity then return nil end
  local held = math.min(capacity, get('level:' .. part) + (now - get('at:' .. part)) * rate)
  local window_ends = get('until:' .. part) or 0
  local usable = held
  if window_ends > now then
    usable = math.min(held, get('remaining:' .. part) - get('limit:' .. part) * (1 - share) / 5)
  end
  return held, usable, capacity, rate, window_ends
end

local function spend(part, share, cost)
  local held = level(part, share)
  if not held then return end
  set('level:' .. part, held - cost)
  set('at:' .. part, now)
end

if op == 'take' then
  local urgency, reserve, ends, share = ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1', tonumber(ARGV[6])
  local parts = {'requests'}
  if ARGV[7] ~= '' then parts[2] = ARGV[7] end
  for _, part in ipairs(parts) do
    local paused = get('paused:' .. part)
    if paused and paused > now then return no(paused - now, 'paused') end
  end
  local open = get('open_until')
  if open then
    local probe_ends = get('probe_until') or 0
    if open > now then return no(open - now, 'down') end
    if probe_ends > now then return no(math.min(1, probe_ends - now), 'down') end
  end
  local wait, spacing = 0, 0
  for _, part in ipairs(parts) do
    local held, usable, capacity, rate, window_ends = level(part, share)
    if held then
      local kept = reserve * capacity
      if ends then kept = math.max(kept / 3, kept - math.max(3, capacity / 20)) end
      local needed = math.max(0, math.min(kept, capacity - 1)) + 1
      if usable < needed then
        local seconds = held < needed and (needed - held) / rate or window_ends - now
        wait, spacing = math.max(wait, seconds), math.max(spacing, 1 / rate)
      end
    end
  end
  if wait > 0 then
    if urgency ~= '0' then  -- those who come back come one after the other
      local line = 'slot:' .. urgency .. (ends and ':ends' or '')
      local slot = math.max(now + wait, (get(line) or 0) + spacing)
      slot = math.min(slot, now + tonumber(ARGV[9]))
      set(line, slot)
      wait = math.max(slot - now, 0.05)
    end
    return no(wait, 'spent')
  end
  for _, part in ipairs(parts) do
    spend(part, share, 1)
    if get('remaining:' .. part) then redis.call('HINCRBYFLOAT', hash, 'remaining:' .. part, -1) end
  end
  if open then set('probe_until', now + tonumber(ARGV[8])) end
  return {'', ''}
elseif op == 'answered' then
  local share = tonumber(ARGV[3])
  redis.call('HDEL', hash, 'failures', 'failing', 'open_until', 'opened', 'probe_until')
  for part, said in pairs(cjson.decode(ARGV[5])) do
    if said.limit and said.limit >= 1 then
      -- A quarter of our share may go at once (of a small one half, for the sake of reserves), the
      -- rest comes second by second: no minute, wherever it begins, sees more than our share.
      local ours = math.max(4, said.limit * share)
      local capacity = math.max(ours / 4, math.min(ours / 2, 12))
      local rate = (ours - capacity) / 60
      local before = get('capacity:' .. part)
      if not before then
        set('level:' .. part, capacity)
        set('at:' .. part, now)
      elseif math.abs(before - capacity) > 0.001 then
        set('level:' .. part, math.min(level(part, share), capacity))
        set('at:' .. part, now)
      end
      set('capacity:' .. part, capacity)
      set('rate:' .. part, rate)
      set('limit:' .. part, said.limit)
      if said.used and said.used > 1 then spend(part, share, said.used - 1) end
    end
    if said.remaining then
      set('remaining:' .. part, said.remaining)
      set('until:' .. part, now + (said.resets or tonumber(ARGV[4])))
    end
  end
  redis.call('SADD', KEYS[2], account)
  redis.call('EXPIRE', hash, 86400)
elseif op == 'pause' then
  local name = 'paused:' .. ARGV[3]
  set(name, math.max(get(name) or 0, now + tonumber(ARGV[4])))
  redis.call('SADD', KEYS[2], account)
  redis.call('EXPIRE', hash, 86400)
  count('helpdesk_asked_for_a_pause')
elseif op == 'failed' then
  local about, first, longest = ARGV[3], tonumber(ARGV[6]), tonumber(ARGV[7])
  local open = get('open_until')
  if open and now < open then return 1 end  -- it was asked before that
  local same = about ~= '' and redis.call('HGET', hash, 'failing') == about
  if now - (get('failed_at') or 0) > tonumber(ARGV[5]) then redis.call('HDEL', hash, 'failures') end
  set('failed_at', now)
  redis.call('HSET', hash, 'failing', about)
  local failures = get('failures') or 0
  if not same then failures = redis.call('HINCRBY', hash, 'failures', 1) end
  if open or failures >= tonumber(ARGV[4]) then
    local opened = redis.call('HINCRBY', hash, 'opened', 1)
    set('open_until', now + math.min(longest, first * 2 ^ (opened - 1)))
    redis.call('HDEL', hash, 'probe_until')
    count('helpdesk_given_a_rest')
  end
  redis.call('SADD', KEYS[2], account)
  redis.call('EXPIRE', hash, 86400)
end
return 1
