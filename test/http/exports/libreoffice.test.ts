import { expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Decimal } from "../../../src/cancellation/model/decimal.js";
import { type ExportRecord, toExportRecord } from "../../../src/cancellation/history/history.js";
import { MESSAGES } from "../../../src/messages/messages.js";
import { CSV } from "../../../src/http/exports/export-formats.js";
import { readCsv } from "../../helpers/csv.js";
import { exported } from "../../helpers/export-server.js";

/** LibreOffice's program; undefined where it is not installed. */
const LIBREOFFICE = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "soffice"))
  .find((file) => existsSync(file));
/** Comma, quote, UTF-8, from the first line on, as its dialog proposes; without a window it detects no UTF-8. */
const AS_PROPOSED = "CSV:44,34,76,1";
const AS_CSV_WITH_TEXT_QUOTED = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false";

/** The values after opening the file, each text in quotes. */
async function opened(csv: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ebp-cancel-facade-test-libreoffice-"));
  try {
    await writeFile(join(folder, "export.csv"), csv);
    const { status, stderr } = spawnSync(
      LIBREOFFICE ?? "",
      [
        `-env:UserInstallation=file://${folder}/profile`,
        "--headless",
        `--infilter=${AS_PROPOSED}`,
        "--convert-to",
        AS_CSV_WITH_TEXT_QUOTED,
        "--outdir",
        join(folder, "out"),
        join(folder, "export.csv"),
      ],
      { env: { PATH: process.env["PATH"], HOME: folder }, encoding: "utf8" },
    );
    if (status !== 0)
      throw new Error(`converting a CSV with LibreOffice: it ended with ${status}: ${stderr}`);
    return (await readFile(join(folder, "out", "export.csv"), "utf8")).replace(/^\uFEFF/u, "");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const NOTES = [
  ...[
    "003",
    "0012",
    "12345678901234567890",
    "1E5",
    "1-2",
    "2026-01-31",
    "TRUE",
    "50%",
    "(5)",
    "1,000",
    "3월 1일",
  ],
  ...[
    "메모: 고객 요청",
    'say "003", then',
    "'003",
    " 003 ",
    "=1+1",
    "+82 10",
    "-1",
    "@SUM(1)",
    '=cmd|"/C calc"!A1',
    "\t=1",
  ],
  ...["0".repeat(255), "둘째 줄은\n0012\n=1+1", `길다 ${"0012 ".repeat(100)}`, '"'.repeat(100)],
];
/** They cannot be in a formula: the apostrophe stays. */
const WITH_APOSTROPHE = ["=1+1\n둘째 줄", "0012\n", "7".repeat(256), `=${"1+".repeat(150)}1`];

const RECORD: ExportRecord = {
  ...toExportRecord({ cancellation: exported.cancellation, items: null }, "abc", MESSAGES.ko.failures),
  orderNo: "00001234567890123456",
  refundAccount: { bankCode: "003", accountNumberLast4: "0012", accountHolderName: "김*" },
};

const WHAT =
  "LibreOffice opens a CSV for Excel with every digit, every leading zero and every text, and runs none of them";
(LIBREOFFICE === undefined ? test.skip : test)(
  LIBREOFFICE === undefined ? `${WHAT} (skipped: soffice is not installed)` : WHAT,
  async () => {
    const options = { bom: false, excel: true };
    const records = [...NOTES, ...WITH_APOSTROPHE].map((note, at): ExportRecord => ({
      ...RECORD,
      note,
      totalCancelAmount: new Decimal(at === 0 ? "12345678901234567890.12" : "123456789012.345"),
    }));
    const text = await opened(
      CSV.head(options) + records.map((record) => CSV.write(record, options)).join(""),
    );
    const [head = [], ...rows] = readCsv(text);
    const column = (name: string): (string | undefined)[] => rows.map((row) => row[head.indexOf(name)]);
    expect(column("note")).toEqual([...NOTES, ...WITH_APOSTROPHE.map((note) => `'${note}`)]);
    expect(new Set(column("orderNo"))).toEqual(new Set(["00001234567890123456"]));
    expect(new Set(column("refundAccount.bankCode"))).toEqual(new Set(["003"]));
    expect(new Set(column("refundAccount.accountNumberLast4"))).toEqual(new Set(["0012"]));
    expect(new Set(column("refundAccount.accountHolderName"))).toEqual(new Set(["김*"]));
    expect(new Set(column("createdAt"))).toEqual(new Set(["1970-01-01T00:00:00.000Z"]));
    expect(column("totalCancelAmount").slice(0, 2)).toEqual(["12345678901234567890.12", "123456789012.345"]);
    // A number that can be added up, beside texts.
    expect(text).toContain(',123456789012.345,0,"KRW",');
  },
);
