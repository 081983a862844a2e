/** Primary keys, unique and exclusion constraints, which have an index, and foreign keys, to or from these tables. */
const CONSTRAINTS = `
  SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS name, contype = 'f' AS "isForeignKey",
    pg_get_constraintdef(oid) AS definition
  FROM pg_constraint
  WHERE (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[])) AND contype IN ('p', 'u', 'x', 'f')
  ORDER BY conrelid, conname`;
const INDEXES = `
  SELECT indrelid::regclass::text AS "table", indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index
  WHERE indrelid = ANY($1::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
  ORDER BY indrelid, indexrelid`;

/**
 * Takes from these tables whatever would be kept up to date row by row. What there is is read from the catalogue, so that it is
 * whatever the migrations have made. Returns the statements that bring all of it back.
 */
export async function dropIndexes(client, tables) {
  const [constraints, indexes] = [
    (await client.query(CONSTRAINTS, [tables])).rows,
    (await client.query(INDEXES, [tables])).rows,
  ];
  const [foreignKeys, keys] = [true, false].map((isForeignKey) =>
    constraints.filter((constraint) => constraint.isForeignKey === isForeignKey),
  );
  // A foreign key rests on the key it refers to: first to go, last to come back.
  for (const { table, name } of [...foreignKeys, ...keys])
    await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  return [...keys.map(added), ...indexes.map(({ definition }) => definition), ...foreignKeys.map(added)];
}

function added({ table, name, definition }) {
  return `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`;
}
