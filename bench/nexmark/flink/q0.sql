-- After Nexmark's query 0 (https://github.com/nexmark/nexmark, Apache License 2.0).
SELECT auction, bidder, price, date_time, extra FROM bid
