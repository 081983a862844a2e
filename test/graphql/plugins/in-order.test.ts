import type { ApolloServerPlugin, GraphQLRequestListener } from "@apollo/server";
import { describe, expect, test } from "@jest/globals";
import type { GraphQLContext } from "../../../src/graphql/context.js";
import { inOrder } from "../../../src/graphql/plugins/in-order.js";

type Plugin = ApolloServerPlugin<GraphQLContext>;
type Listener = GraphQLRequestListener<GraphQLContext>;

const HOOKS = [
  "didResolveOperation",
  "responseForOperation",
  "executionDidStart",
  "didEncounterErrors",
  "willSendResponse",
] as const;
type Hook = (typeof HOOKS)[number];

/** Handed to every hook; none of these here looks into it. */
const CONTEXT: any = { request: {} };

function plugin(listener: Listener): Plugin {
  return { requestDidStart: () => Promise.resolve(listener) };
}

async function call(plugins: readonly Plugin[], hook: Hook): Promise<unknown> {
  const listener: any = await inOrder(plugins).requestDidStart?.(CONTEXT);
  return listener[hook](CONTEXT);
}

/** A hook that says when it begins and, some turns later, when it ends. */
function slow(said: string[], name: string): (context: unknown) => Promise<null> {
  return async (context) => {
    expect(context).toBe(CONTEXT);
    said.push(`${name} begins`);
    await new Promise(setImmediate);
    said.push(`${name} ends`);
    return null;
  };
}

describe.each(HOOKS)("the hooks %s of several plugins", (hook) => {
  test("run one after the other, in the order of the plugins, each with what Apollo Server gives", async () => {
    const said: string[] = [];
    await call(
      ["first", "second", "third"].map((name) => plugin({ [hook]: slow(said, name) })),
      hook,
    );
    expect(said).toEqual([
      "first begins",
      "first ends",
      "second begins",
      "second ends",
      "third begins",
      "third ends",
    ]);
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("are not run after one that %s, and its error comes out", async (_how, refuse) => {
    const said: string[] = [];
    const plugins = [
      plugin({ [hook]: slow(said, "first") }),
      plugin({ [hook]: refuse }),
      plugin({ [hook]: slow(said, "third") }),
    ];
    await expect(call(plugins, hook)).rejects.toThrow("no");
    expect(said).toEqual(["first begins", "first ends"]);
  });

  test("pass over a plugin without one, without any, and one that does not follow the request", async () => {
    const said: string[] = [];
    const other = HOOKS.find((each) => each !== hook) ?? hook;
    await call(
      [
        {},
        { requestDidStart: () => Promise.resolve() },
        plugin({}),
        plugin({ [other]: slow(said, "other") }),
        plugin({ [hook]: slow(said, "last") }),
      ],
      hook,
    );
    expect(said).toEqual(["last begins", "last ends"]);
  });

  test("may be none at all", async () => {
    expect((await call([], hook)) ?? null).toBeNull();
  });
});

describe("the answer of a plugin in the place of the operation's own", () => {
  const answering = (name: string, said: string[], response: unknown): Plugin =>
    plugin({
      responseForOperation: () => {
        said.push(name);
        return Promise.resolve(response as null);
      },
    });

  test("is that of the first that gives one, and those behind it are not asked", async () => {
    const said: string[] = [];
    const [one, another] = [{ body: "one" }, { body: "another" }];
    const plugins = [
      answering("none", said, null),
      answering("one", said, one),
      answering("another", said, another),
    ];
    expect(await call(plugins, "responseForOperation")).toBe(one);
    expect(said).toEqual(["none", "one"]);
  });

  test("is null when none gives one: the operation is executed", async () => {
    const said: string[] = [];
    const plugins = [answering("first", said, null), answering("second", said, null)];
    expect(await call(plugins, "responseForOperation")).toBeNull();
    expect(said).toEqual(["first", "second"]);
  });
});

describe("what a plugin does when a request starts", () => {
  const starting = (said: string[], name: string): Plugin => ({
    requestDidStart: async () => {
      await slow(said, name)(CONTEXT);
    },
  });

  test("is done one after the other", async () => {
    const said: string[] = [];
    await call([starting(said, "first"), starting(said, "second")], "willSendResponse");
    expect(said).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  test("is not done after one that rejects", async () => {
    const said: string[] = [];
    const refusing: Plugin = { requestDidStart: () => Promise.reject(new Error("no")) };
    await expect(
      call([starting(said, "first"), refusing, starting(said, "third")], "willSendResponse"),
    ).rejects.toThrow("no");
    expect(said).toEqual(["first begins", "first ends"]);
  });
});
