import { randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import { ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import pg from "pg";

// The engine reads PostgreSQL's catalogs, where some columns are of the one-letter type "char". The adapter refuses that type,
// and the engine takes nothing else for it: so it goes through the adapter as text, and is given its type back behind it.
const CHAR = 18;
const TEXT = 25;
const oneLetterColumns = new Set();

class CatalogClient extends pg.Client {
  constructor(config) {
    super(config);
    this.connection.prependListener("rowDescription", ({ fields }) => {
      for (const field of fields.filter(({ dataTypeID }) => dataTypeID === CHAR)) {
        oneLetterColumns.add(field.name);
        field.dataTypeID = TEXT;
      }
    });
  }
}

/** A driver adapter through which the schema engine can read a database that has constraints. */
export class CatalogAdapterFactory extends PrismaPg {
  #url;

  constructor(url) {
    super({ connectionString: url, Client: CatalogClient });
    this.#url = url;
  }

  async connect() {
    return withOneLetterColumns(await super.connect());
  }

  /**
   * The adapter's own makes a shadow database, connects to the database named in the URL all the same (the engine then takes the
   * real one for its scratch pad), and drops the shadow before it has disconnected from it.
   */
  async connectToShadowDb() {
    const admin = await this.connect();
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    await admin.executeScript(`CREATE DATABASE "${name}"`);
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    const shadow = await new CatalogAdapterFactory(url.href).connect();
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await admin.executeScript(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.dispose();
    };
    return shadow;
  }
}

function withOneLetterColumns(adapter) {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const columnTypes = result.columnTypes.map((type, index) =>
      oneLetterColumns.has(result.columnNames[index]) ? ColumnTypeEnum.Character : type,
    );
    return { ...result, columnTypes };
  };
  return adapter;
}
