-- End a claim: done, to be tried again later, to wait, held until the pause ends, or set aside.
-- KEYS due, claimed, again, tokens, attempts, crashes, failed, bell, begun, paused, held
-- ARGV member, token, 'done' | 'retry' | 'wait' | 'held' | 'aside', seconds to wait or the reason
--      as JSON
-- Returns 1, or 0 when the claim was no longer ours (then nothing changes).
local member = ARGV[1]
if redis.call('HGET', KEYS[4], member) ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], member)
redis.call('HDEL', KEYS[4], member)
redis.call('HDEL', KEYS[6], member)
redis.call('SREM', KEYS[9], member)
local again = redis.call('HGET', KEYS[3], member)
redis.call('HDEL', KEYS[3], member)
if ARGV[3] == 'retry' or ARGV[3] == 'wait' or ARGV[3] == 'held' then
  local t = redis.call('TIME')
  local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
  local moment = now + tonumber(ARGV[4])
  if ARGV[3] ~= 'retry' then redis.call('HINCRBY', KEYS[5], member, -1) end  -- nothing was tried
  if ARGV[3] == 'held' then
    if redis.call('EXISTS', KEYS[10]) == 1 then
      redis.call('SADD', KEYS[11], member)
    else
      moment = now  -- the pause ended meanwhile
    end
  end
  redis.call('ZADD', KEYS[1], string.format('%.6f', moment), member)
  -- What is new does not wait for what failed: an event that came meanwhile, a step moved nearer.
  if again and (string.sub(member, 1, 6) == 'event:' or string.sub(member, 1, 5) == 'step:') then
    redis.call('ZADD', KEYS[1], 'LT', again, member)
  end
  return 1
end
redis.call('HDEL', KEYS[5], member)
if ARGV[3] == 'aside' then
  redis.call('HSET', KEYS[7], member, ARGV[4])
else
  redis.call('HDEL', KEYS[7], member)
end
if again then
  redis.call('ZADD', KEYS[1], 'LT', again, member)
  if redis.call('LLEN', KEYS[8]) == 0 then redis.call('LPUSH', KEYS[8], '1') end
end
return 1
