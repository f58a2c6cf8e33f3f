-- Hold claims on; an unknown token means that the claim ran out and was given to another.
-- KEYS claimed, tokens, attempts, begun
-- ARGV seconds, 'begun' or '', member, token, member, token ...
-- Returns now on Redis time, then for each the attempt's number, or 0 when it is no longer ours.
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local until_ = string.format('%.6f', now + tonumber(ARGV[1]))
local held = {string.format('%.6f', now)}
for i = 3, #ARGV, 2 do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[i + 1] then
    redis.call('ZADD', KEYS[1], until_, ARGV[i])
    if ARGV[2] == 'begun' then redis.call('SADD', KEYS[4], ARGV[i]) end
    held[#held + 1] = tonumber(redis.call('HGET', KEYS[3], ARGV[i]) or '1')
  else
    held[#held + 1] = 0
  end
end
return held
