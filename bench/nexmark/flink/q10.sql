-- After Nexmark's query 10 (https://github.com/nexmark/nexmark, Apache License 2.0).
SELECT auction, bidder, price, date_time, extra,
       DATE_FORMAT(date_time, 'yyyy-MM-dd') AS dt, DATE_FORMAT(date_time, 'HH:mm') AS hm
FROM bid
