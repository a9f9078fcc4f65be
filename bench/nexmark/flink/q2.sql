-- After Nexmark's query 2 (https://github.com/nexmark/nexmark, Apache License 2.0).
SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0
