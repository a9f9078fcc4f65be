-- After Nexmark's query 13 (https://github.com/nexmark/nexmark, Apache License 2.0).
SELECT b.auction, b.bidder, b.price, b.date_time, s.`value`
FROM (SELECT *, PROCTIME() AS p_time FROM bid) b
JOIN side_input FOR SYSTEM_TIME AS OF b.p_time AS s ON MOD(b.auction, 10000) = s.key
