-- Two lookups in a chain: an order names a product, and the product names its supplier. Every order becomes a row of its
-- supplier's orders of that day. Orders that were cancelled at once are filtered out, and are not looked up.
-- A product that is not on the list yet makes a dead letter: once it is, `turntable dead-letters replay` writes the order's row.
-- Try it: turntable schema apply pipelines/orders.sql
--         turntable run pipelines/orders.sql
-- Without Cassandra: --set orders_by_supplier.connector=sqlite --set orders_by_supplier.path=orders.db
-- An order: {"id": 1, "customer": "Ada", "product": 104, "quantity": 2, "ordered_at": "2024-03-03T10:15:00Z", "status": "paid"}

CREATE TABLE orders (
  id bigint NOT NULL,
  customer text NOT NULL,
  product int NOT NULL,
  quantity int NOT NULL,
  ordered_at timestamptz NOT NULL,
  status text                 -- may be missing: then the order is on its way
) WITH (
  connector = 'kafka',
  topic = 'orders',
  format = 'json',
  start = 'earliest',
  "bootstrap.servers" = '${KAFKA:-localhost:29092}',
  "group.id" = 'orders'
);

CREATE TABLE products (
  id int,
  name text,
  supplier text,              -- the supplier's code; what nobody supplies has none
  unit_price double precision
) WITH (
  connector = 'csv',
  path = 'data/products.csv',
  duplicate_key = 'error',    -- a product that stands twice is a mistake: the run does not begin
  missing_key = 'dead_letter'
);

CREATE TABLE suppliers (
  code text,
  name text,
  country text
) WITH (
  connector = 'csv',
  path = 'data/suppliers.csv',
  duplicate_key = 'error',
  missing_key = 'drop'        -- what we make ourselves has no supplier, and belongs in no supplier's table: it is only counted
);

CREATE TABLE orders_by_supplier (
  supplier text,
  country text,
  day text,
  ordered_at timestamptz,
  order_id bigint,            -- closes the key: an order that is sent twice stays one row
  customer text,
  product text,
  quantity int,
  bulk boolean,
  unit_price double precision
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'shop',
  primary_key = '((supplier, day), ordered_at, order_id)',
  clustering_order = 'ordered_at DESC'
);

INSERT INTO orders_by_supplier
SELECT s.name AS supplier,
       s.country,
       to_char(o.ordered_at, 'YYYY-MM-DD') AS day,
       o.ordered_at,
       o.id AS order_id,
       o.customer,
       p.name AS product,
       o.quantity,
       o.quantity >= 100 AS bulk,
       p.unit_price
FROM orders o
JOIN products p ON p.id = o.product
JOIN suppliers s ON s.code = p.supplier
WHERE o.quantity > 0 AND o.status IS DISTINCT FROM 'cancelled';
