-- Drop what was seen before, keep the event, make its ticket due. One atomic step.
-- KEYS seen, inbox, due, bell, counters, account number, heard
-- ARGV seconds to remember, event, member, account number or '', seconds until it is due, account
--      that a webhook of was heard or ''
-- Returns 1 accepted, 0 seen before, -1 from another account.
if ARGV[4] ~= '' then
  local pinned = redis.call('GET', KEYS[6])
  if pinned and pinned ~= ARGV[4] then
    redis.call('HINCRBY', KEYS[5], 'webhook_refused_other_account', 1)
    return -1
  elseif not pinned then
    redis.call('SET', KEYS[6], ARGV[4])
  end
end
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
if ARGV[6] ~= '' then redis.call('HSET', KEYS[7], ARGV[6], string.format('%.6f', now)) end
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then
  redis.call('HINCRBY', KEYS[5], 'webhook_seen_before', 1)
  return 0
end
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], 3456000)
redis.call('ZADD', KEYS[3], 'LT', string.format('%.6f', now + tonumber(ARGV[5])), ARGV[3])
redis.call('HINCRBY', KEYS[5], 'event_accepted', 1)
if redis.call('LLEN', KEYS[4]) == 0 then redis.call('LPUSH', KEYS[4], '1') end
return 1
