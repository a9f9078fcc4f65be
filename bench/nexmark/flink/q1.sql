-- After Nexmark's query 1 (https://github.com/nexmark/nexmark, Apache License 2.0).
SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid
