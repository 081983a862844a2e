import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { CANCEL, cancelInput } from "../helpers/operations.js";
import { raw } from "../helpers/raw-http.js";
import { useService } from "../helpers/service.js";

const service = useService();

/** 가 and 나, in EUC-KR and as texts of Latin-1, which has a character for each byte. */
const GA = "\u00b0\u00a1";
const NA = "\u00b3\u00aa";

interface Answer {
  readonly status: number;
  readonly body: any;
}

async function post(body: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const all = { "content-type": "application/json", ...headers };
  const response = await fetch(`${service.url}/graphql`, { method: "POST", headers: all, body });
  return { status: response.status, body: await response.json() };
}

async function get(path: string): Promise<Answer> {
  const response = await fetch(service.url + path);
  return { status: response.status, body: await response.json() };
}

/** A request to cancel, whose bytes are those of the text's characters. */
function inBytes(input: object): Buffer {
  return Buffer.from(JSON.stringify({ query: CANCEL, variables: { input } }), "latin1");
}

function inUtf8(input: object): Buffer {
  return Buffer.from(JSON.stringify({ query: CANCEL, variables: { input } }), "utf8");
}

const received = (): number => service.simulator.ledger.totalReceived;

describe("a body", () => {
  test("in EUC-KR is refused: two keys would otherwise become the same replacement characters", async () => {
    const before = received();
    const orderNo = "ORD-EUC-KR";
    for (const key of [GA, NA]) {
      const { status, body } = await post(inBytes(cancelInput({ orderNo, idempotencyKey: `${key}-1` })));
      expect([status, body]).toEqual([
        400,
        {
          errors: [
            {
              message: "The request body is not text in UTF-8. Send JSON as UTF-8.",
              extensions: { code: "BAD_REQUEST" },
            },
          ],
        },
      ]);
    }
    expect(received()).toBe(before);
    expect(await service.sql("SELECT 1 FROM cancellation WHERE order_no = $1", [orderNo])).toEqual([]);
  });

  test.each([
    ["a lone continuation byte", "\u0080"],
    ["half of a surrogate pair", "\u00ed\u00a0\u0080"],
    ["an overlong slash", "\u00c0\u00af"],
    ["a character that breaks off", "\u00ea\u00b0"],
  ])("with %s is refused", async (_what, bytes) => {
    expect((await post(inBytes(cancelInput({ idempotencyKey: bytes })))).status).toBe(400);
  });

  test.each(["euc-kr", "EUC-KR", '"iso-8859-1"', "utf-16", '""'])(
    "that says it is in another charset (%s) is refused with 415, even if its bytes could be UTF-8",
    async (charset) => {
      const before = received();
      const type = `application/json; charset=${charset}`;
      const { status, body } = await post(inUtf8(cancelInput()), { "content-type": type });
      expect([status, body.errors]).toEqual([
        415,
        [
          {
            message: "The body is in another charset than UTF-8. Send JSON as UTF-8.",
            extensions: { code: "BAD_REQUEST" },
          },
        ],
      ]);
      expect(received()).toBe(before);
    },
  );

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'Application/JSON ; Charset="Utf-8"',
    "APPLICATION/JSON; v=1; charset=utf8; q=1",
  ])("of the type %s is taken", async (type) => {
    const key = `가-${type.length}`;
    const { status, body } = await post(inUtf8(cancelInput({ idempotencyKey: key })), {
      "content-type": type,
    });
    expect([status, body.data.cancelPayment.cancellation.idempotencyKey]).toEqual([200, key]);
  });

  test("of a type with a blank that only some readers take for one is refused", async () => {
    const type = "\u00a0application/json; charset=utf-8";
    expect((await post(inUtf8(cancelInput()), { "content-type": type })).status).toBe(415);
  });

  test("may begin with a byte order mark", async () => {
    const { status, body } = await post(Buffer.from('\uFEFF{"query":"{ __typename }"}'));
    expect([status, body.data]).toEqual([200, { __typename: "Query" }]);
  });

  test("that is compressed is refused with 415", async () => {
    const before = received();
    for (const encoding of ["gzip", "br", "GZIP, identity", "x"]) {
      const { status, body } = await post(gzipSync(inUtf8(cancelInput())), { "content-encoding": encoding });
      expect([status, body.errors]).toEqual([
        415,
        [
          {
            message: "The body has a content-encoding. Send it as it is, without compression.",
            extensions: { code: "BAD_REQUEST" },
          },
        ],
      ]);
    }
    expect(received()).toBe(before);
    const plain = await post(Buffer.from('{"query":"{ __typename }"}'), { "content-encoding": "Identity" });
    expect(plain.status).toBe(200);
  });

  test("of a stream is read by the same rules", async () => {
    const query = `subscription { cancellationChanged(orderNo: "${GA}") { id } }`;
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${service.url}/graphql/stream`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
        body: Buffer.from(JSON.stringify({ query }), "latin1"),
      });
    expect((await ask({})).status).toBe(400);
    expect((await ask({ "content-type": "application/json; charset=euc-kr" })).status).toBe(415);
    expect((await ask({ "content-encoding": "gzip" })).status).toBe(415);
  });
});

describe("an address", () => {
  const GRAPHQL = "/graphql?query=query($k:String!){cancellationByKey(idempotencyKey:$k){id}}&variables=";
  const CSV = "/exports/cancellations.csv?statuses=SUCCEEDED&orderNo=";

  test("in UTF-8 finds what it names, percent-encoded, with a plus for a blank", async () => {
    const idempotencyKey = "가 나+다";
    const { body } = await post(inUtf8(cancelInput({ idempotencyKey, orderNo: "주문 1" })));
    const { id } = body.data.cancelPayment.cancellation;
    const variables = encodeURIComponent(JSON.stringify({ k: idempotencyKey })).replaceAll("%20", "+");
    expect((await get(GRAPHQL + variables)).body.data.cancellationByKey).toEqual({ id });
    const csv = await fetch(`${service.url}${CSV}${encodeURIComponent("주문 1")}&direction=desc`);
    expect(await csv.text()).toContain(id);
  });

  test.each(["%B0%A1", "%zz", "100%", "%ED%A0%80", "a%C0%AFb"])(
    "with %s in it is refused, and the parameter is named",
    async (bytes) => {
      for (const [path, name] of [
        [`${GRAPHQL}{"k":"${bytes}"}`, "variables"],
        [`/graphql?variables={}&query={order(orderNo:"${bytes}"){id}}`, "query"],
        [CSV + bytes, "orderNo"],
        [`/exports/cancellations.ndjson?limit=1&after=${bytes}`, "after"],
      ] as const) {
        expect(await get(path)).toEqual({
          status: 400,
          body: {
            errors: [
              {
                message: "In an address, write text in UTF-8 and percent-encode it.",
                extensions: { code: "BAD_USER_INPUT", field: [name], reason: "INVALID_FORMAT" },
              },
            ],
          },
        });
      }
    },
  );

  test("with something else in a parameter's own name is refused without repeating it", async () => {
    for (const name of ["%B0%A1", "1029384756%zz", "1029384756=%zz&x"]) {
      const { status, body } = await get(`/graphql?query={__typename}&${name}=1`);
      expect([status, body.errors[0].extensions.field]).toEqual([400, null]);
      expect(JSON.stringify(body)).not.toContain("1029384756");
    }
  });

  test("with bytes that are not percent-encoded is refused", async () => {
    const before = received();
    for (const bytes of ["가", GA]) {
      const answer = await raw(
        service.url,
        `GET ${CSV}${bytes} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
    }
    expect(received()).toBe(before);
  });
});
