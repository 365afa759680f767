-- What the booking function is measured against. None of it is used by the product.

-- The floor: the least a durable booking could cost, one row and one commit.
CREATE TABLE bench.floor (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org  uuid NOT NULL,
    at   timestamptz NOT NULL,
    name text NOT NULL
);
GRANT INSERT ON bench.floor TO frontdesk_app;
