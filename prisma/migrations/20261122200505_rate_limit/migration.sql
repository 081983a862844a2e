-- CreateTable
-- Unlogged: a request must not wait for a disk to be counted, and what a crash forgets of a minute does no harm.
CREATE UNLOGGED TABLE "rate_limit" (
    "key" TEXT NOT NULL,
    "points" DOUBLE PRECISION NOT NULL,
    "expire" BIGINT NOT NULL,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);
