// What is measured, as a contender: what its callers send, and who they are. Loaded by whoever sends it, and so nothing of the service.
import { SERVICE } from "./contenders/index.mjs";

const NAME = "ours";

export function cancelling({ token }) {
  const { request, succeeded } = SERVICE;
  return [{ name: NAME, request: withToken(request, token), succeeded }];
}

export function reading({ token }) {
  const { readRequest, read } = SERVICE;
  return [{ name: NAME, request: withToken(readRequest, token), read }];
}

function withToken(request, token) {
  const authorization = `Bearer ${token}`;
  return (asked) => {
    const made = request(asked);
    return { ...made, headers: { ...made.headers, authorization } };
  };
}
