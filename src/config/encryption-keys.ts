import type { Settings } from "./settings.js";

export const ENCRYPTION_KEYS_FORMAT =
  "id:base64,id:base64 with keys of 32 bytes (make one with `openssl rand -base64 32`)";

const VARIABLE = "DATA_ENCRYPTION_KEYS";
const KEY_BYTES = 32;

export function parseEncryptionKeys(settings: Settings, text: string): { id: string; key: Buffer }[] {
  const keys = text.split(",").map((entry, index) => {
    const [, id = "", base64 = ""] = /^\s*([\w.-]{1,40}):([A-Za-z0-9+/]+={0,2})\s*$/u.exec(entry) ?? [];
    const key = Buffer.from(base64, "base64");
    if (key.length !== KEY_BYTES) {
      const found = id === "" ? "another form" : `a key of ${key.length} bytes`;
      settings.fault(`${VARIABLE} (key ${index + 1})`, ENCRYPTION_KEYS_FORMAT, found);
    }
    return { id, key };
  });
  const repeated = keys.find(
    ({ id }, index) => id !== "" && keys.findIndex((other) => other.id === id) !== index,
  );
  if (repeated !== undefined) settings.fault(VARIABLE, "each key id once", `"${repeated.id}" twice`);
  return keys;
}
