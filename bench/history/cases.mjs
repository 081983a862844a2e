import { FILTERS } from "./cases/filters.mjs";
import { ORDERS } from "./cases/orders.mjs";
import { PAGES } from "./cases/pages.mjs";
import { STATS } from "./cases/stats.mjs";

/**
 * What is asked. Each case: `name`, as the table shows it; `kind`, which says what it has to keep to (see goals.mjs); `query`;
 * `variables(facts, run)`, where `run` counts the requests, so that a case can ask for another one each time; and perhaps `page`,
 * the page's number: it is walked to beforehand, and asked for by its cursor.
 */
export const CASES = [...PAGES, ...FILTERS, ...ORDERS, ...STATS];
